"""What the cells and rows of the matrix of packages say, in every medium."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.model.comparison import Cell, Row

ON: Final = "✓"
OFF: Final = "—"


def cell_words(cell: Cell) -> str:
    """Return a tick or a dash, a grouped number, `unlimited`, or the text."""
    if cell is None or cell is False:
        return OFF
    if cell is True:
        return ON
    return f"{cell:,}" if isinstance(cell, int) else cell


def row_words(row: Row) -> str:
    """Return the row's title and what its numbers count."""
    return f"{row.title} ({row.note})" if row.note else row.title
