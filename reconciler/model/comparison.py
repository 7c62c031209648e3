"""Packages beside one another: what each of them grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from reconciler.model.quantities import Quantity

Cell: TypeAlias = "bool | Quantity | str | None"
"""Whether a feature is on, a cap (None: not granted), or a text such as `14 days`."""


class Column(Struct, frozen=True):
    """A package."""

    key: str
    title: str
    description: str = ""


class Row(Struct, frozen=True):
    """A feature, a limit or another property, with a cell per column.

    Attributes:
        note: What the numbers count, such as `session per cycle`.
    """

    key: str
    title: str
    cells: tuple[Cell, ...]
    note: str = ""


class Section(Struct, frozen=True):
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


class Comparison(Struct, frozen=True):
    """The matrix; a row that no package has anything in is left out."""

    columns: tuple[Column, ...]
    sections: tuple[Section, ...]

    def differing(self) -> Comparison:
        """Return it without the rows in which all packages have the same."""
        left = (
            replace(section, rows=tuple(row for row in section.rows if len(set(row.cells)) > 1))
            for section in self.sections
        )
        return replace(self, sections=tuple(section for section in left if section.rows))
