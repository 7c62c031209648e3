"""The matrix of packages as a page for screens of any width and for paper, or as a table for another page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from markupsafe import Markup

from reconciler.model.english import counted
from reconciler.render.cells import OFF, ON, cell_words
from reconciler.render.html.pages import page
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.comparison import Cell, Comparison, Row, Section


def comparison_page(comparison: Comparison) -> str:
    """Return a whole page around `comparison_table`."""
    described = ((sanitise(each.title), sanitise(each.description)) for each in comparison.columns)
    return page(
        "comparison.html.j2",
        heading="Packages and what they grant",
        count=counted(len(comparison.columns), "package"),
        descriptions=[(title, text) for title, text in described if text],
        table=Markup(comparison_table(comparison)),  # noqa: S704 - every foreign part is escaped
    )


def comparison_table(comparison: Comparison) -> str:
    """Return a `table` element with a `tbody` per section; classes and `data-key` are there for styles."""
    return "\n".join(_html_lines(comparison)) + "\n"


def _html_lines(comparison: Comparison) -> Iterator[str]:
    yield '<table class="packages">'
    yield "  <thead>"
    yield "    <tr><td></td>"
    for column in comparison.columns:
        yield f'      <th scope="col" data-key="{_html(column.key)}">{_html(column.title)}</th>'
    yield "    </tr>"
    yield "  </thead>"
    for section in comparison.sections:
        yield from _html_section(section, len(comparison.columns))
    yield "</table>"


def _html_section(section: Section, columns: int) -> Iterator[str]:
    yield f'  <tbody class="{section.title.lower()}">'
    yield f'    <tr><th scope="rowgroup" colspan="{columns + 1}">{section.title}</th></tr>'
    for row in section.rows:
        yield f'    <tr data-key="{_html(row.key)}"><th scope="row">{_head(row)}</th>'
        yield f"      {''.join(_html_cell(cell) for cell in row.cells)}"
        yield "    </tr>"
    yield "  </tbody>"


def _head(row: Row) -> str:
    return f"{_html(row.title)} <small>{_html(row.note)}</small>" if row.note else _html(row.title)


def _html_cell(cell: Cell) -> str:
    words = cell_words(cell)
    label = {ON: "included", OFF: "not included"}.get(words)
    if label:
        return (
            f'<td class="{label.replace(" ", "-")}"><span role="img" aria-label="{label}">{words}</span></td>'
        )
    return f"<td>{_html(words)}</td>"


def _html(text: str) -> str:
    return escape(sanitise(text))
