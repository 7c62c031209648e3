"""Lines on paper: styles, widths in terminal cells, and wrapping under a hanging indent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import combining, east_asian_width

from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NARROWEST_BODY = 4


class Ink(Enum):
    """A style; the value is the parameter of the SGR escape sequence."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"
    ALARM = "1;31"
    CAUTION = "1;33"
    GOOD = "1;32"


class Span(NamedTuple):
    """A text in one style."""

    text: str
    ink: Ink = Ink.PLAIN


def cells(text: str) -> int:
    """Return how many terminal columns the text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if combining(character) or "\ufe00" <= character <= "\ufe0f":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on.

    Attributes:
        width: In cells; None: lines are never broken.
        colour: Whether styles become escape sequences.
    """

    width: int | None = None
    colour: bool = False

    def paint(self, *spans: Span | str) -> str:
        """Return the spans on one line, unbroken."""
        return self._painted([_clean(span) for span in spans])

    def lines(
        self, body: Iterable[Span | str], *, indent: int = 0, label: Span | None = None, column: int = 0
    ) -> Iterator[str]:
        """Yield the body, broken between words; words too long for a line are broken anywhere.

        Args:
            body: Runs of spaces in it count as one.
            indent: Cells before everything.
            label: Stands before the body on the first line.
            column: Cells from the indent to where the body starts, on every line; a longer label pushes
                the first line's start.
        """
        first = [] if label is None else [_clean(label)]
        used = sum(cells(span.text) for span in first)
        first.append(Span(" " * max(column - used, 1 if used else 0)))
        room = self._room(indent + column)
        start = max(used + 1, column) - column if used else 0
        for number, line in enumerate(_broken(_words(body), room, start)):
            head = first if number == 0 else [Span(" " * column)]
            yield (" " * indent + self._painted([*head, *line])).rstrip(" ")

    def _room(self, taken: int) -> int | None:
        return None if self.width is None else max(self.width - taken, _NARROWEST_BODY)

    def _painted(self, spans: Iterable[Span]) -> str:
        if not self.colour:
            return "".join(span.text for span in spans)
        runs = ((ink, "".join(span.text for span in run)) for ink, run in groupby(spans, lambda s: s.ink))
        return "".join(f"\x1b[{ink.value}m{text}\x1b[0m" if ink.value else text for ink, text in runs)


def _clean(span: Span | str) -> Span:
    return Span(sanitise(span)) if isinstance(span, str) else Span(sanitise(span.text), span.ink)


def _words(body: Iterable[Span | str]) -> Iterator[list[Span]]:
    """Split at spaces; a word may run over several spans."""
    word: list[Span] = []
    for span in map(_clean, body):
        head, *tail = span.text.split(" ")
        if head:
            word.append(Span(head, span.ink))
        for part in tail:
            if word:
                yield word
            word = [Span(part, span.ink)] if part else []
    if word:
        yield word


def _broken(words: Iterable[list[Span]], room: int | None, start: int) -> Iterator[list[Span]]:
    """Fill lines of `room` cells, of which the first has `start` taken."""
    line: list[Span] = []
    used = start
    for word in words:
        size = sum(cells(span.text) for span in word)
        if room is None or used + size + bool(line) <= room:
            used += size + bool(line)
            line += [_gap(line[-1], word[0]), *word] if line else word
            continue
        if line or start:
            yield line
            start = 0
        *full, line = [word] if size <= room else list(_chopped(word, room))
        yield from full
        used = sum(cells(span.text) for span in line)
    yield line


def _gap(before: Span, after: Span) -> Span:
    return Span(" ", before.ink if before.ink is after.ink else Ink.PLAIN)


def _chopped(word: list[Span], room: int) -> Iterator[list[Span]]:
    line: list[Span] = []
    used = 0
    for span in word:
        for character in span.text:
            size = _cell(character)
            if used + size > room:
                yield line
                line, used = [], 0
            line.append(Span(character, span.ink))
            used += size
    yield line
