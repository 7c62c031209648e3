"""Rules, guards, codes and exit codes by id."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from reconciler.errors import WrongUsageError
from reconciler.model.terms import Code, Kind
from reconciler.model.topics import Topic
from reconciler.validation.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.guards import GuardRow
    from reconciler.validation.rules import Rule


_NEAR_ENOUGH: Final = 0.6


def _exit(code: int, title: str, explanation: str, good: str = "") -> Topic:
    return Topic(id=f"exit-{code}", kind="exit code", title=title, explanation=explanation, good=good)


EXIT_TOPICS: Final = (
    _exit(0, "Done", "What was asked for was done, or there was nothing to do."),
    _exit(
        1, "Unexpected error", "A bug, or an output that could not be written. Please report the traceback."
    ),
    _exit(
        2,
        "There are changes",
        "`plan --detailed-exitcode` found something to apply, `drift` found a difference, or a command with "
        "`--check` found something to write. Nothing is wrong.",
    ),
    _exit(
        3,
        "Files or configuration are invalid",
        "Every finding names its file, line, column and rule.",
        "reconciler validate\nreconciler explain RULE",
    ),
    _exit(
        4,
        "Blocked by a guard, or by a rule of the domain",
        "Nothing that is blocked was written. The message names each guard and the way past it; with "
        "`apply --skip-blocked` the other packages were applied.",
        "reconciler explain GUARD\nreconciler apply --allow GUARD:KEY",
    ),
    _exit(
        5,
        "Stale",
        "The platform, a file or the number of clients touched moved since the plan was made. Nothing was "
        "written.",
        "reconciler plan",
    ),
    _exit(
        6,
        "Partly applied",
        "Only on platforms without change sets: some of the changes were written, and the run says which. "
        "Planning again has what is left.",
        "reconciler plan",
    ),
    _exit(7, "The platform is out of reach", "It did not answer, is in use, or refused the credentials."),
    _exit(64, "Wrong usage", "An unknown command, option, client, package or environment."),
    _exit(
        130,
        "Interrupted",
        "By Ctrl-C. An apply is all or nothing, but on platforms without change sets: plan again there.",
    ),
    _exit(141, "The reader went away", "What the output was piped into ended first, as `head` does."),
)


def _of_rule(rule: Rule) -> Topic:
    return Topic(rule.id, "rule", rule.title, rule.explanation, rule.severity, rule.bad, rule.good)


def _of_guard(guard: GuardRow) -> Topic:
    return Topic(guard.id, "guard", guard.title, guard.explanation, good=guard.example)


def _of_code(code: Code) -> Topic:
    row = code.row
    return Topic(code.value, "change", row.title, row.explanation, row.severity.value, good=_entry(code))


def _entry(code: Code) -> str:
    """Return how a package file acknowledges the loss."""
    row = code.row
    named = {Kind.EXPIRY: "expiry", Kind.EMAILS: "allowed_emails"}
    subject = row.cap.key if row.cap else named.get(row.kind, "KEY")
    return f"acknowledge:\n  - {row.acknowledged_by}: {subject}" if row.acknowledged_by else ""


@cache
def topics() -> Mapping[str, Topic]:
    """Return all that can be explained, by id."""
    from reconciler.planning.guards import GUARDS  # noqa: PLC0415  # pydantic, which one rule need not pay

    found = (*map(_of_rule, RULES.values()), *map(_of_guard, GUARDS), *map(_of_code, Code), *EXIT_TOPICS)
    return {topic.id: topic for topic in found}


def find_topic(word: str) -> Topic | None:
    """Return the topic with this id, or the exit code with this number; None where there is none."""
    if word in RULES:
        return _of_rule(RULES[word])
    return topics().get(word) or topics().get(f"exit-{word}")


def explain_topic(word: str) -> Topic:
    """Return the topic; raises WrongUsageError naming those that are spelled like it."""
    topic = find_topic(word)
    if topic is None:
        hint = near_topics(word) or "`reconciler explain` lists them all."
        raise WrongUsageError(f"There is no rule, guard, code or exit code {word!r}.", hint=hint)
    return topic


def near_topics(word: str) -> str:
    """Return a question that names the ids spelled like the word; empty where there is none."""
    from difflib import get_close_matches  # noqa: PLC0415  # 9 ms, where nothing has this id

    near = get_close_matches(word.lower(), topics(), n=3, cutoff=_NEAR_ENOUGH)
    return f"Did you mean {' or '.join(near)}?" if near else ""
