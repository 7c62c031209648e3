"""The plan for a terminal: the headline, every package with whom it touches, what stops it, what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import number
from reconciler.model.plans import Action
from reconciler.render.story.verdict import Judgement
from reconciler.render.story.words import Span, Tone, key, title, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.render.story.blockers import Blocker, Point
    from reconciler.render.story.entries import Entry
    from reconciler.render.story.facts import Fact
    from reconciler.render.story.story import Note, Story
    from reconciler.render.story.words import Words
    from reconciler.render.text.style import Paper

_SYMBOLS: Final = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.ARCHIVE: "-",
    Action.RESTORE: "^",
    Action.RENAME: ">",
    Action.REASSIGN: "→",
}
_INDENT: Final = 4
_FACT: Final = 6
_LABELS: Final = 14
_NOTES: Final = 10


def plan_text(story: Story, paper: Paper, *, next_step: str = "") -> str:
    """Return the whole plan, ending in a newline.

    `next_step` is a sentence to close with, such as the command that applies the plan.
    """
    return "\n".join(plan_lines(story, paper, next_step=next_step)) + "\n"


def plan_lines(story: Story, paper: Paper, *, next_step: str = "") -> Iterator[str]:
    """Yield the same, line by line."""
    yield from _verdict(story, paper)
    for entry in story.entries:
        yield ""
        yield from _entry(entry, paper)
    yield from _after_a_gap(paper.lines(story.rest) if story.rest else iter(()))
    yield from _after_a_gap(_notes(story.settings, paper))
    yield from _after_a_gap(_notes(story.notes, paper))
    yield from _after_a_gap(_blockers(story, paper))
    yield from _after_a_gap(line for said in story.let_pass for line in paper.lines(said))
    if story.entries:
        yield ""
        yield from paper.lines([story.summary])
    if next_step:
        yield from paper.lines([next_step])


def _verdict(story: Story, paper: Paper) -> Iterator[str]:
    judged = story.verdict
    stop = [Span(", BLOCKED", Tone.ALARM)] if judged.judgement is Judgement.BLOCKED else []
    yield from paper.lines([*judged.subject, *stop, ": ", *judged.statement, "."])
    if judged.sentence:
        yield from paper.lines(judged.sentence)


def _entry(entry: Entry, paper: Paper) -> Iterator[str]:
    symbol = Span(_SYMBOLS[entry.actions[0]], entry.level.tone)
    yield from paper.lines(_heading(entry), label=symbol, column=2)
    for sentence in (words(entry.headline, ".") if entry.is_touching else (), *entry.whom):
        if sentence:
            yield from paper.lines(sentence, indent=_INDENT)
    if entry.source is not None:
        place = f"{entry.source.file}:{entry.source.line}"
        yield from paper.lines([Span(place, Tone.QUIET)], indent=_INDENT)
    for fact in entry.facts:
        yield from _fact(fact, paper)


def _heading(entry: Entry) -> Words:
    renamed = words(key(entry.renamed_from, Tone.STRONG), " → ") if entry.renamed_from else ()
    called = words(" “", title(entry.title), "”") if entry.title else ()
    new = entry.revisions
    revisions = words(f" revision {number(new[0])} → {number(new[1])}") if new else ()
    return words(
        Span(" and ".join(entry.done), entry.level.tone),
        " ",
        renamed,
        key(entry.key, Tone.STRONG),
        called,
        revisions,
        Span(" · ", Tone.QUIET),
        Span(entry.severity, Tone.QUIET),
    )


def _fact(fact: Fact, paper: Paper) -> Iterator[str]:
    label = Span(f"{fact.sign} {fact.label}", fact.tone)
    yield from paper.lines(fact.body, indent=_FACT, label=label, column=_LABELS)
    if fact.felt:
        yield from paper.lines(fact.felt, indent=_FACT + _LABELS)


def _notes(notes: tuple[Note, ...], paper: Paper) -> Iterator[str]:
    for note in notes:
        yield from paper.lines(note.sentence, label=Span(note.label, Tone.QUIET), column=_NOTES)


def _blockers(story: Story, paper: Paper) -> Iterator[str]:
    if story.blockers:
        yield from paper.lines([Span("Blocked", Tone.ALARM)])
    for blocker in story.blockers:
        yield from _blocker(blocker, paper)


def _blocker(blocker: Blocker, paper: Paper) -> Iterator[str]:
    yield from paper.lines(blocker.heading, indent=2, label=Span("x", Tone.ALARM), column=2)
    for point in blocker.points:
        yield from _point(point, paper)
    if blocker.advice:
        yield from paper.lines(blocker.advice, indent=_INDENT)
    yield from paper.lines(blocker.waiver, indent=_INDENT)


def _point(point: Point, paper: Paper) -> Iterator[str]:
    for sentence in (*point.statements, *point.corrections):
        yield from paper.lines(sentence, indent=_INDENT)
    if point.paste is not None:
        yield from paper.lines(point.paste.invitation, indent=_INDENT)
        for line in point.paste.lines:
            depth = len(line) - len(line.lstrip(" "))
            yield from paper.lines([Span(line, Tone.HINT)], indent=_FACT + depth)


def _after_a_gap(lines: Iterator[str]) -> Iterator[str]:
    for place, line in enumerate(lines):
        if place == 0:
            yield ""
        yield line
