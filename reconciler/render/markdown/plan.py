"""The plan as a comment on a pull request: may it be approved, whom does it hurt, then the details folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import number
from reconciler.render.markdown.escape import block, escape, in_html
from reconciler.render.markdown.pieces import Piece, fitted
from reconciler.render.story.figures import Level
from reconciler.render.story.verdict import Judgement
from reconciler.render.story.words import Tone, chained, key, listed, title, words, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.render.story.blockers import Blocker, Point
    from reconciler.render.story.entries import Entry
    from reconciler.render.story.facts import Fact
    from reconciler.render.story.story import Note, Story

COMMENT_LIMIT: Final = 65_000
"""Bytes; GitHub refuses comments of more than 65,536 characters, and job summaries of more than 1 MiB."""

_JUDGEMENTS: Final = {
    Judgement.BLOCKED: "⛔",
    Judgement.LOSING: "🔴",
    Judgement.TOUCHING: "🟡",
    Judgement.UNKNOWN: "🔎",
    Judgement.HARMLESS: "🟢",
    Judgement.EMPTY: "✅",
}
_LEVELS: Final = {
    Level.ENDING: "🔴",
    Level.LOSING_IN_USE: "🔴",
    Level.LOSING: "🔴",
    Level.KEEPING: "🟠",
    Level.UNKNOWN: "🔎",
    Level.GAINING: "🟢",
    Level.NOBODY: "⚪",
}
_TONES: Final = {
    Tone.ALARM: "🔴",
    Tone.CAUTION: "🟠",
    Tone.GOOD: "🟢",
    Tone.PLAIN: "⚪",
    Tone.STRONG: "⚪",
    Tone.QUIET: "⚪",
    Tone.HINT: "⚪",
}
_COLUMNS: Final = ("holders", "lose now", "of them use it", "keep")
_FIRST_ROWS: Final = 25
_NAMES_SHOWN: Final = 5
_NOTHING: Final = "\u2013"
_UNKNOWN: Final = "?"


def plan_markdown(story: Story, *, limit: int = COMMENT_LIMIT) -> str:
    """Return the plan in at most `limit` bytes of UTF-8; what does not fit is left out in whole pieces."""
    pieces = [
        Piece(_head(story)),
        *_table(story),
        *_blockers(story),
        *(Piece(_details(entry), "details of packages", 4) for entry in story.entries),
        *_remainder(story),
        Piece(f"\n*{written(story.origin, escape)}.*\n"),
    ]
    return fitted(pieces, limit)


def _head(story: Story) -> str:
    judged = story.verdict
    line = written(words(judged.subject, ": ", judged.statement), escape)
    sentence = written(judged.sentence, escape)
    return f"### {_JUDGEMENTS[judged.judgement]} {line}\n" + (f"\n{sentence}\n" if sentence else "")


def _table(story: Story) -> Iterator[Piece]:
    """Yield the table row by row, worst first, so that whole rows are left out where there is no room."""
    if not story.entries:
        return
    is_counted = story.figures.holding is not None
    columns = _COLUMNS if is_counted else ()
    heading = " | ".join([" effect", "package", "what changes", *columns])
    yield Piece(f"\n|{heading} |\n|---|---|---|{'--:|' * len(columns)}\n")
    for place, entry in enumerate(story.entries):
        row = _row(entry, _cells(entry) if is_counted else [])
        yield Piece(row, "rows of the table", 1 if place < _FIRST_ROWS else 3)
    if story.rest:
        yield Piece(f"\n{written(story.rest, escape)}\n")


def _row(entry: Entry, cells: list[str]) -> str:
    called = f"**{written([title(entry.title)], escape)}** " if entry.title else ""
    what = written(entry.changes, escape)
    name = f"{called}{written([key(entry.key)], escape)}"
    return f"| {' | '.join([_level(entry), name, what, *cells])} |\n"


def _level(entry: Entry) -> str:
    return f"{_LEVELS[entry.level]}\u00a0{entry.level.word}"


def _cells(entry: Entry) -> list[str]:
    figures = entry.figures
    hurt = [_cell(count, is_strong=True) for count in (figures.losing, figures.losing_in_use)]
    return [_cell(figures.holding, zero="0"), *hurt, _cell(figures.keeping)]


def _cell(count: int | None, *, is_strong: bool = False, zero: str = _NOTHING) -> str:
    if count is None:
        return _UNKNOWN
    if not count:
        return zero
    return f"**{number(count)}**" if is_strong else number(count)


def _blockers(story: Story) -> Iterator[Piece]:
    for place, blocker in enumerate(story.blockers):
        heading = "\n**What blocks it**\n\n" if place == 0 else ""
        yield Piece(heading + _blocker(blocker), "guards that block", 1)
    if story.waiving:
        yield Piece(f"\n{written(story.waiving, escape)}\n", "how to let it pass", 2)
    for place, said in enumerate(story.let_pass):
        gap = "\n" if place == 0 else ""
        yield Piece(f"{gap}- {written(said, escape)}\n", "guards that let pass", 4)
    for blocker in story.blockers:
        for point in blocker.points:
            yield from _paste(point)


def _blocker(blocker: Blocker) -> str:
    line = words(key(blocker.guard), " · ", blocker.summary, " ", blocker.advice, blocker.advice and " ")
    return f"- {written(line, escape)}{written(blocker.waiver, escape)}\n"


def _paste(point: Point) -> Iterator[Piece]:
    """Yield what is to be written where the loss is intended, folded."""
    lines = [f"- {written(each, escape)}\n" for each in (*point.statements, *point.corrections)]
    if point.paste is not None:
        lines.append(f"\n{written(point.paste.invitation, escape)}\n\n{block(point.paste.lines, 'yaml')}")
    if point.paste or point.corrections:
        names = written(listed([key(each) for each in point.keys], shown=_NAMES_SHOWN), in_html)
        yield Piece(_folded(f"What to write: {names}", "".join(lines)), "entries to paste", 2)


def _details(entry: Entry) -> str:
    count = entry.figures.losing or entry.figures.keeping or entry.figures.gaining or 0
    called = written([title(entry.title or entry.key)], in_html)
    felt = f": {entry.level.word} ({number(count)})" if count else ""
    summary = f"{_LEVELS[entry.level]} {called}{felt}"
    place = words("From ", key(f"{entry.source.file}:{entry.source.line}"), ".") if entry.source else ()
    said = written(chained((*entry.whom, place), " "), escape)
    return _folded(summary, "".join([said, "\n\n", *(f"- {_fact(fact)}\n" for fact in entry.facts)]))


def _fact(fact: Fact) -> str:
    line = words(f"{_TONES[fact.tone]} ", fact.statement, " — " if fact.felt else "", fact.felt)
    return written(line, escape)


def _folded(summary: str, body: str) -> str:
    return f"\n<details><summary>{summary}</summary>\n\n{body}\n</details>\n"


def _remainder(story: Story) -> Iterator[Piece]:
    for note in story.settings:
        yield Piece(_note(note), "what changes beside packages", 2)
    for note in story.notes:
        yield Piece(_note(note), "notes", 4)


def _note(note: Note) -> str:
    return f"\n**{note.label}:** {written(note.sentence, escape)}\n"
