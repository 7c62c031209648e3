"""Lines on paper: styles, widths in terminal cells, and wrapping under a hanging indent."""

from __future__ import annotations

from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from unicodedata import combining, east_asian_width

from msgspec import Struct

from reconciler.render.sanitise import escaped, sanitise
from reconciler.render.story.words import Origin, Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NARROWEST_BODY = 4


_CODES: Final[Mapping[Tone, str]] = MappingProxyType(
    {
        Tone.PLAIN: "",
        Tone.STRONG: "1",
        Tone.QUIET: "2",
        Tone.ALARM: "1;31",
        Tone.CAUTION: "33",
        Tone.GOOD: "32",
        Tone.HINT: "36",
    }
)
"""The parameters of the SGR escape sequences."""


IN_ASCII: Final = str.maketrans(
    {
        "→": "->",
        "·": "-",
        "“": '"',
        "”": '"',
        "…": "...",
        "—": "-",
        "\u2013": "-",
        "≥": ">=",
        "✓": "yes",
        "»": ">",
    }
)
"""The program's own signs where a stream has no such characters."""


def cells(text: str) -> int:
    """Return how many terminal columns the text takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if combining(character) or "\ufe00" <= character <= "\ufe0f":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


class Paper(Struct, frozen=True):
    """What is written on.

    Attributes:
        width: In cells; None: lines are never broken.
        colour: Whether styles become escape sequences.
        encoding: Of the stream; what it lacks is written in ASCII.
    """

    width: int | None = None
    colour: bool = False
    encoding: str = "utf-8"

    def fitting(self, text: str) -> str:
        """Return the text as it can be written here, with all that is unsafe or lacking made visible."""
        text = sanitise(text)
        if self.encoding == "utf-8" or text.isascii():
            return text
        return "".join(map(self._written, text.translate(IN_ASCII)))

    def _written(self, character: str) -> str:
        try:
            character.encode(self.encoding)
        except UnicodeEncodeError:
            return escaped(character)
        return character

    def _clean(self, span: Span | str) -> Span:
        if isinstance(span, str):
            return Span(self.fitting(span))
        text = f"`{span.text}`" if span.origin is Origin.CODE and span.tone is not Tone.HINT else span.text
        return Span(self.fitting(text), span.tone)

    def paint(self, *spans: Span | str) -> str:
        """Return the spans on one line, unbroken."""
        return self._painted([self._clean(span) for span in spans])

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
        first = [] if label is None else [self._clean(label)]
        used = sum(cells(span.text) for span in first)
        first.append(Span(" " * max(column - used, 1 if used else 0)))
        room = self._room(indent + column)
        start = max(used + 1, column) - column if used else 0
        for number, line in enumerate(_broken(_words(map(self._clean, body)), room, start)):
            head = first if number == 0 else [Span(" " * column)]
            yield (" " * indent + self._painted([*head, *line])).rstrip(" ")

    def _room(self, taken: int) -> int | None:
        return None if self.width is None else max(self.width - taken, _NARROWEST_BODY)

    def _painted(self, spans: Iterable[Span]) -> str:
        if not self.colour:
            return "".join(span.text for span in spans)
        toned = (
            (tone, "".join(span.text for span in of)) for tone, of in groupby(spans, lambda span: span.tone)
        )
        return "".join(f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if _CODES[tone] else text for tone, text in toned)


def _words(body: Iterable[Span]) -> Iterator[list[Span]]:
    """Split at spaces; a word may span over several spans."""
    word: list[Span] = []
    for span in body:
        head, *tail = span.text.split(" ")
        if head:
            word.append(Span(head, span.tone))
        for part in tail:
            if word:
                yield word
            word = [Span(part, span.tone)] if part else []
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
    return Span(" ", before.tone if before.tone is after.tone else Tone.PLAIN)


def _chopped(word: list[Span], room: int) -> Iterator[list[Span]]:
    line: list[Span] = []
    used = 0
    for span in word:
        for character in span.text:
            size = _cell(character)
            if used + size > room:
                yield line
                line, used = [], 0
            line.append(Span(character, span.tone))
            used += size
    yield line
