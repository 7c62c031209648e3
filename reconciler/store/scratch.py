"""Temporary tables: values that a statement is about, so that one statement speaks of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert
from sqlalchemy.schema import CreateTable

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Table


def empty(connection: Connection, table: Table) -> None:
    """Create the table on this connection where it is missing, and empty it."""
    connection.execute(CreateTable(table, if_not_exists=True))
    connection.execute(delete(table))


def fill(connection: Connection, table: Table, rows: Collection[tuple[object, ...]]) -> None:
    """Make the table hold exactly these rows."""
    empty(connection, table)
    names = table.columns.keys()
    if rows:
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
