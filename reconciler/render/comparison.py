"""The matrix of packages in every medium: a comparison in, text out."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from reconciler.render.cells import cell_words, row_words
from reconciler.render.markdown.escape import escape as escape_markdown
from reconciler.render.story.words import Origin, Span
from reconciler.render.text.csv_cells import csv_text
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.comparison import Cell, Comparison
    from reconciler.render.text.style import Paper


def comparison_lines(comparison: Comparison, paper: Paper) -> Iterator[str]:
    """Yield one table under the packages' titles, with an empty row between sections."""
    rows: list[tuple[str, ...]] = []
    blank = ("",) * (len(comparison.columns) + 1)
    for section in comparison.sections:
        rows += [blank] if rows else []
        rows += [(row_words(row), *map(cell_words, row.cells)) for row in section.rows]
    headings = ["", *(column.title for column in comparison.columns)]
    yield from table_lines(headings, rows, paper)


def comparison_markdown(comparison: Comparison) -> str:
    """Return the table; a section begins with a row in bold."""
    return "\n".join(_markdown_lines(comparison)) + "\n"


def _markdown_lines(comparison: Comparison) -> Iterator[str]:
    yield _markdown_row(["", *(_prose(column.title) for column in comparison.columns)])
    yield _markdown_row(["---", *(":---:" for _ in comparison.columns)])
    for section in comparison.sections:
        yield _markdown_row([f"**{section.title}**", *("" for _ in comparison.columns)])
        for row in section.rows:
            yield _markdown_row([_prose(row_words(row)), *(_markdown_cell(cell) for cell in row.cells)])


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cell(cell: Cell) -> str:
    return _prose(cell) if isinstance(cell, str) else cell_words(cell)


def _prose(text: str) -> str:
    return escape_markdown(Span(text, origin=Origin.TEXT))


def comparison_csv(comparison: Comparison) -> str:
    """Return a heading of package titles, a row of their keys, and a row per feature, limit or property.

    Cells are `yes` and `no` for features, bare numbers or `unlimited` for caps, empty where nothing is
    granted. A text that could be taken for a formula gets an apostrophe before it.
    """
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["section", "key", "title", "unit", *(csv_text(each.title) for each in comparison.columns)]
    )
    writer.writerow(["Packages", "key", "Key", "", *(csv_text(each.key) for each in comparison.columns)])
    for section in comparison.sections:
        for row in section.rows:
            cells = (_csv_cell(cell) for cell in row.cells)
            writer.writerow(
                [section.title, csv_text(row.key), csv_text(row.title), csv_text(row.note), *cells]
            )
    return stream.getvalue()


def _csv_cell(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return "" if cell is None else csv_text(str(cell))
