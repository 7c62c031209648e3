"""Rows under headings, in columns that share the width; what does not fit is wrapped, never cut."""

from __future__ import annotations

from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING, Final

from reconciler.render.story.words import Span, Tone
from reconciler.render.text.style import Paper, cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_GAP: Final = 2
_NARROWEST: Final = 4
_PAGE: Final = 500


def table_lines(headings: Sequence[str], rows: Iterable[Sequence[str]], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and the rows, as they come.

    Columns are measured by 500 rows at once; where later ones need more room, the headings are repeated.
    """
    stream = (list(map(paper.fitting, row)) for row in chain([headings], rows))
    headings = next(stream)
    page = list(islice(stream, _PAGE))
    needed, widths = _needed([headings, *page]), None
    while page or widths is None:
        if widths != (fitting := _fitting(needed, paper.width)):
            yield from () if widths is None else ("",)
            yield from _row(headings, fitting, paper, Tone.STRONG)
        widths = fitting
        for row in page:
            yield from _row(row, widths, paper)
        page = list(islice(stream, _PAGE))
        needed = [max(pair) for pair in zip(needed, _needed([headings, *page]), strict=True)]


def _needed(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(*rows, strict=True)]


def _fitting(needed: Sequence[int], width: int | None) -> list[int]:
    """Return the columns' widths: what they need, the widest giving way until all fit."""
    widths = list(needed)
    if width is None:
        return widths
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    while excess > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        excess -= 1
    return widths


def _row(row: Sequence[str], widths: Sequence[int], paper: Paper, tone: Tone = Tone.PLAIN) -> Iterator[str]:
    columns = [_cell(text, width) for text, width in zip(row, widths, strict=True)]
    for parts in zip_longest(*columns, fillvalue=""):
        spans: list[Span | str] = []
        for part, width in zip(parts, widths, strict=True):
            spans += [Span(part, tone), " " * (width - cells(part) + _GAP)]
        yield paper.paint(*spans[:-1]).rstrip(" ")


def _cell(text: str, width: int) -> list[str]:
    return [text] if cells(text) <= width else list(Paper(width).lines([text]))
