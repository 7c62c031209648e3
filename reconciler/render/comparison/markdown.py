"""The matrix as a table in GitHub-flavoured Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.comparison.words import cell_words, row_words
from reconciler.render.markdown.escape import escape
from reconciler.render.review.words import Foreign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.comparison import Cell, Comparison


def comparison_markdown(comparison: Comparison) -> str:
    """Return the table; a section begins with a row in bold."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield _row(["", *(_text(column.title) for column in comparison.columns)])
    yield _row(["---", *(":---:" for _ in comparison.columns)])
    for section in comparison.sections:
        yield _row([f"**{section.title}**", *("" for _ in comparison.columns)])
        for row in section.rows:
            yield _row([_text(row_words(row)), *(_cell(cell) for cell in row.cells)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return _text(cell) if isinstance(cell, str) else cell_words(cell)


def _text(text: str) -> str:
    return escape(Foreign(text))
