"""One client beside the current plan, and what a rule, guard, code or exit code means."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.model.english import day, instant
from reconciler.render.story.words import Span, Tone, author, joined
from reconciler.render.text.client import client_text
from reconciler.render.text.prospects import prospect_lines
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.topics import Topic
    from reconciler.planning.client_diff import Explanation, Stay
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_COMMIT: Final = 12
_HEADINGS: Final = {
    "rule": "RULES OF VALIDATION",
    "guard": "GUARDS",
    "change": "CODES OF CHANGES",
    "exit code": "EXIT CODES",
}
_INDENT: Final = 4
_STAYS: Final[Mapping[Stay, str]] = {
    "nothing-changes": "Nothing changes for this client: it holds what the package grants after the plan.",
    "not-active": "The client stays where it is: only clients with an active subscription are reassigned.",
    "kept": "The client keeps what it holds: the package's rollout keeps existing clients.",
    "excluded": "The client keeps what it holds: the package's rollout excludes it.",
    "not-allowed": "The client keeps what it holds: the list of allowed e-mails does not have its owner.",
    "waits": "The client waits: the rollout moves it with a later apply.",
}


def explanation_text(explanation: Explanation, glossary: Glossary, paper: Paper) -> str:
    """Return what the client may use, where that comes from, and what the plan has in store for it."""
    client, snapshot = explanation.client, explanation.snapshot
    lines = [client_text(client, None, glossary, paper, snapshot).rstrip("\n")]
    lines += ["", *_origin(explanation, paper), "", *_outlook(explanation, glossary, paper)]
    return "\n".join(lines) + "\n"


def _origin(explanation: Explanation, paper: Paper) -> Iterator[str]:
    held, run = explanation.client.subscription, explanation.minted_by
    which = f"Revision {held.revision} of {held.package}"
    if run is None:
        yield from paper.lines([f"{which} comes from no run on record: it was made by hand, or long ago."])
        return
    commit = f"commit {run.commit[:_COMMIT]}" if run.commit else ""
    by = joined([f"run {run.id}", instant(run.at), author(run.actor, run.on_behalf_of), commit])
    yield from paper.lines([f"{which} comes from {by}."])


def _outlook(explanation: Explanation, glossary: Glossary, paper: Paper) -> Iterator[str]:
    yield from paper.lines([Span("The plan as of now", Tone.STRONG)])
    for change in explanation.changes:
        yield from paper.lines([f"{change.action} {change.key} · {change.severity}"], indent=2)
    if not explanation.changes:
        yield from paper.lines(["leaves the package as it is"], indent=2)
    for guard in explanation.guards:
        body: list[Span | str] = [Span(f"blocked by {guard.id}: ", Tone.ALARM), guard.message]
        yield from paper.lines(body, indent=2)
    yield ""
    yield from paper.lines([_verdict(explanation)])
    if explanation.prospect.fields:
        when = "With that:" if explanation.stays is None else "On reassignment, once the plan is applied:"
        yield from paper.lines([Span(when, Tone.STRONG)])
        prospect = explanation.prospect
        yield from prospect_lines(prospect.fields, prospect, glossary, paper)


def _verdict(explanation: Explanation) -> Span | str:
    if explanation.stays == "waits" and explanation.waits_until:
        return (
            "The client waits: the rollout moves it with a later apply, "
            f"on {day(explanation.waits_until)} at the earliest."
        )
    if explanation.stays is not None:
        return _STAYS[explanation.stays]
    once = ", once nothing blocks it" if explanation.guards else ""
    later = " at its next billing period" if explanation.client.from_next_period else ""
    return Span(f"The plan moves this client to the package's new revision{later}{once}.", Tone.CAUTION)


def topic_text(topic: Topic, paper: Paper) -> str:
    """Return the topic with its examples."""
    lines = list(paper.lines([Span(topic.id, Tone.STRONG), " ", Span(_kind(topic), Tone.QUIET)]))
    lines += ["", *paper.lines([f"{topic.title}. {topic.explanation}"])]
    lines += _example("Instead of", topic.bad, paper)
    lines += _example("Write" if topic.bad else "For example", topic.good, paper)
    return "\n".join(lines) + "\n"


def topic_table(topics: Iterable[Topic], paper: Paper) -> Iterator[str]:
    """Yield a list per kind; topics come grouped by kind."""
    for place, (kind, group) in enumerate(groupby(topics, key=lambda topic: topic.kind)):
        if place:
            yield ""
        yield from table_lines((_HEADINGS[kind], ""), [(topic.id, topic.title) for topic in group], paper)


def _kind(topic: Topic) -> str:
    return f"({topic.kind}, {topic.weight})" if topic.weight else f"({topic.kind})"


def _example(label: str, text: str, paper: Paper) -> Iterator[str]:
    if text:
        yield ""
        yield from paper.lines([Span(f"{label}:", Tone.QUIET)])
        yield from (" " * _INDENT + paper.paint(line) for line in text.splitlines())
