"""The matrix for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.comparison.words import cell_words, row_words
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.comparison import Comparison
    from reconciler.render.text.ink import Paper


def comparison_lines(comparison: Comparison, paper: Paper) -> Iterator[str]:
    """Yield one table under the packages' titles, with an empty row between sections."""
    rows: list[tuple[str, ...]] = []
    blank = ("",) * (len(comparison.columns) + 1)
    for section in comparison.sections:
        rows += [blank] if rows else []
        rows += [(row_words(row), *map(cell_words, row.cells)) for row in section.rows]
    headings = ["", *(column.title for column in comparison.columns)]
    yield from table_lines(headings, rows, paper)
