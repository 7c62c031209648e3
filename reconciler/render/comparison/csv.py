"""The matrix as comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from reconciler.model.comparison import Cell, Comparison


def comparison_csv(comparison: Comparison) -> str:
    """Return a heading of package titles, a row of their keys, and a row per feature, limit or property.

    Cells are `yes` and `no` for features, bare numbers or `unlimited` for caps, empty where nothing is
    granted. No text can be taken for a formula.
    """
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["section", "key", "title", "unit", *(_text(each.title) for each in comparison.columns)])
    writer.writerow(["Packages", "key", "Key", "", *(_text(each.key) for each in comparison.columns)])
    for section in comparison.sections:
        for row in section.rows:
            cells = (_value(cell) for cell in row.cells)
            writer.writerow([section.title, _text(row.key), _text(row.title), _text(row.note), *cells])
    return stream.getvalue()


def _value(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else _text(str(cell))


def _text(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate."""
    text = sanitise(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
