"""`explain`: one client beside the current plan, or a rule, guard, code or exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import read_from, workspace_of
from reconciler.cli.options import chosen, completed_by, global_options
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import InvalidError, WrongUsageError

if TYPE_CHECKING:
    from reconciler.cli.options import Choices
    from reconciler.model.topics import Topic


@click.command("explain")
@global_options
@click.argument("subject", metavar="CLIENT|RULE", required=False, shell_complete=completed_by("subjects"))
def explain_command(subject: str | None) -> None:
    """Explain one client, or a rule, guard, code of a change or exit code.

    For a client: what it may use now, where that comes from, and what the current plan would change for it,
    now and on reassignment. An id that is both is taken for a rule; client:ID and rule:ID say which is meant.
    Without an id, everything that can be explained is listed.
    """
    from reconciler.engine.explain.topics import explain_topic, find_topic, topics

    choices = chosen()
    if subject is None:
        _write_all(choices, tuple(topics().values()))
        return
    scope, _, word = subject.partition(":")
    if scope == "rule" and word:
        _write_topic(choices, explain_topic(word))
    elif scope == "client" and word:
        _write_client(choices, word)
    elif topic := find_topic(subject):
        _write_topic(choices, topic)
    else:
        _write_client_or_near(choices, subject)


def _write_client_or_near(choices: Choices, subject: str) -> None:
    """Name ids spelled like the subject where it is no client's."""
    from reconciler.engine.explain.topics import near_topics

    try:
        _write_client(choices, subject)
    except (WrongUsageError, InvalidError) as error:
        near = near_topics(subject)
        if isinstance(error, InvalidError) and not near:
            raise
        near = near or "`reconciler explain` lists all else."
        hint = f"{error.hint} {near}" if isinstance(error, WrongUsageError) else near
        raise WrongUsageError(
            f"There is no client, rule, guard, code or exit code {subject!r}.", hint=hint.strip()
        ) from error


def _write_client(choices: Choices, client_id: str) -> None:
    from reconciler.cli.output import glossary_of
    from reconciler.engine.explain.client import explain_client
    from reconciler.engine.plan import environment_of
    from reconciler.render.json import explanation_json
    from reconciler.render.text.explanation import explanation_text

    terminal = Terminal.of(choices)
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    with read_from(environment, workspace.root) as (platform, notices):
        for notice in notices:
            terminal.say(f"{notice}\n")
        explanation = explain_client(workspace, environment, platform, client_id, now())
    if choices.format == "json":
        terminal.write_json(explanation_json(explanation))
    else:
        terminal.write(explanation_text(explanation, glossary_of(workspace.catalog), terminal.data))


def _write_topic(choices: Choices, topic: Topic) -> None:
    from reconciler.render.json import topic_json
    from reconciler.render.text.explanation import topic_text

    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json(topic_json(topic))
    else:
        terminal.write(topic_text(topic, terminal.data))


def _write_all(choices: Choices, topics: tuple[Topic, ...]) -> None:
    from reconciler.render.json import topic_json
    from reconciler.render.text.explanation import topic_table

    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json_lines(map(topic_json, topics))
    else:
        terminal.write_lines(topic_table(topics, terminal.rows))
