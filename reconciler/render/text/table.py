"""Rows under headings, in columns that share the width; what does not fit is wrapped, never cut."""

from __future__ import annotations

from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import sanitise
from reconciler.render.story.words import Span, Tone
from reconciler.render.text.style import Paper, cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_GAP: Final = 2
_NARROWEST: Final = 4
_MEASURED_ROWS: Final = 500


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and the rows, as they come; the first 500 rows decide the columns."""
    stream = iter(rows)
    first = list(islice(stream, _MEASURED_ROWS))
    widths = _widths([headings, *first], paper.width)
    yield from _row([Span(heading, Tone.STRONG) for heading in headings], widths, paper)
    for row in chain(first, stream):
        yield from _row([Span(cell) for cell in row], widths, paper)


def _widths(rows: Sequence[Sequence[str]], width: int | None) -> list[int]:
    """Return the columns' widths: what they need, the widest giving way until all fit."""
    widths = [max(cells(sanitise(cell)) for cell in column) for column in zip(*rows, strict=True)]
    if width is None:
        return widths
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    while excess > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        excess -= 1
    return widths


def _row(row: Sequence[Span], widths: Sequence[int], paper: Paper) -> Iterator[str]:
    columns = [_cell(cell, width) for cell, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        spans: list[Span | str] = []
        for part, cell, width in zip(parts, row, widths, strict=True):
            spans += [Span(part, cell.tone), " " * (width - cells(part) + _GAP)]
        yield paper.paint(*spans[:-1]).rstrip(" ")


def _cell(cell: Span, width: int) -> list[str]:
    text = sanitise(cell.text)
    return [text] if cells(text) <= width else list(Paper(width).lines([text]))
