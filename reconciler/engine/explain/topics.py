"""Rules, guards, codes and exit codes by id."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from reconciler.engine.explain.exit_codes import EXIT_TOPICS
from reconciler.errors import WrongUsageError
from reconciler.model.terms import Code, Kind
from reconciler.model.topics import Topic
from reconciler.planning.guards import GUARDS
from reconciler.validation.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.guards import GuardRow
    from reconciler.validation.rules import Rule

_NEAR_ENOUGH: Final = 0.6


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


TOPICS: Final[Mapping[str, Topic]] = {
    topic.id: topic
    for topic in (*map(_of_rule, RULES.values()), *map(_of_guard, GUARDS), *map(_of_code, Code), *EXIT_TOPICS)
}


def find_topic(word: str) -> Topic | None:
    """Return the topic with this id, or the exit code with this number; None where there is none."""
    return TOPICS.get(word) or TOPICS.get(f"exit-{word}")


def explain_topic(word: str) -> Topic:
    """Return the topic; raises WrongUsageError naming those that are spelled like it."""
    topic = find_topic(word)
    if topic is None:
        raise WrongUsageError(f"There is no rule, guard, code or exit code {word!r}.", hint=near_topics(word))
    return topic


def near_topics(word: str) -> str:
    """Return a question that names the ids spelled like the word, or where to find them all."""
    near = get_close_matches(word.lower(), TOPICS, n=3, cutoff=_NEAR_ENOUGH)
    return f"Did you mean {' or '.join(near)}?" if near else "`reconciler explain` lists them all."
