"""The matrix as comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from reconciler.model.comparison import Cell, Comparison


_FORMULA: Final = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet begins to calculate, whatever the signs' width: at the start of a cell, and after what
takes the comma's place in some countries."""


def comparison_csv(comparison: Comparison) -> str:
    """Return a heading of package titles, a row of their keys, and a row per feature, limit or property.

    Cells are `yes` and `no` for features, bare numbers or `unlimited` for caps, empty where nothing is
    granted. A text that could be taken for a formula gets an apostrophe before it.
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
    return _FORMULA.sub(r"\1'", sanitise(text))
