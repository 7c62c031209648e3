"""The matrix as a table in HTML, to be put into a page that has its own style."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from reconciler.render.comparison.words import OFF, ON, cell_words
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.comparison import Cell, Comparison, Row, Section


def comparison_html(comparison: Comparison) -> str:
    """Return a `table` element with a `tbody` per section; classes and `data-key` are there for styles."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield '<table class="packages">'
    yield "  <thead>"
    yield "    <tr><td></td>"
    for column in comparison.columns:
        yield f'      <th scope="col" data-key="{_text(column.key)}">{_text(column.title)}</th>'
    yield "    </tr>"
    yield "  </thead>"
    for section in comparison.sections:
        yield from _section(section, len(comparison.columns))
    yield "</table>"


def _section(section: Section, columns: int) -> Iterator[str]:
    yield f'  <tbody class="{section.title.lower()}">'
    yield f'    <tr><th scope="rowgroup" colspan="{columns + 1}">{section.title}</th></tr>'
    for row in section.rows:
        yield f'    <tr data-key="{_text(row.key)}"><th scope="row">{_head(row)}</th>'
        yield f"      {''.join(_cell(cell) for cell in row.cells)}"
        yield "    </tr>"
    yield "  </tbody>"


def _head(row: Row) -> str:
    return f"{_text(row.title)} <small>{_text(row.note)}</small>" if row.note else _text(row.title)


def _cell(cell: Cell) -> str:
    words = cell_words(cell)
    label = {ON: "included", OFF: "not included"}.get(words)
    if label:
        return (
            f'<td class="{label.replace(" ", "-")}"><span role="img" aria-label="{label}">{words}</span></td>'
        )
    return f"<td>{_text(words)}</td>"


def _text(text: str) -> str:
    return escape(sanitise(text))
