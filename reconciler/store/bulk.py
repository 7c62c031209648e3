"""Inserting many rows without what SQLAlchemy does per row: half of the time of a large import."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from reconciler.store.dialects import quoted, write_later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Dialect, Table

_AT_ONCE: Final = 10_000
"""Rows that one parameter holds; it may have 1 GiB at most."""


def insert_all(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of values in the order of the columns, as the driver takes them: instants are counts."""
    schema, dialect = connection.schema_for_object(table), connection.dialect
    if len(rows) == 1:
        write_later(connection, _of_row(table, schema, dialect), rows[0])
    elif rows and dialect.name == "sqlite":
        connection.exec_driver_sql(_of_row(table, schema, dialect), list(rows))
    else:
        names = table.columns.keys()
        for first in range(0, len(rows), _AT_ONCE):
            documents = [dict(zip(names, row, strict=True)) for row in rows[first : first + _AT_ONCE]]
            connection.exec_driver_sql(_of_array(table, schema, dialect), (json.dumps(documents),))


@lru_cache
def _of_row(table: Table, schema: str | None, dialect: Dialect) -> str:
    marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(table.columns))
    into = quoted(dialect, schema, table)
    return f"INSERT INTO {into} ({_columns(table, dialect)}) VALUES ({marks})"  # noqa: S608 - names of our own


@lru_cache
def _of_array(table: Table, schema: str | None, dialect: Dialect) -> str:
    """Return what PostgreSQL takes many rows by, as JSON: a statement for each is most of an import."""
    into, columns = quoted(dialect, schema, table), _columns(table, dialect)
    rows = f"json_populate_recordset(CAST(NULL AS {into}), CAST(%s AS JSON))"
    return f"INSERT INTO {into} ({columns}) SELECT {columns} FROM {rows}"  # noqa: S608 - the same


def _columns(table: Table, dialect: Dialect) -> str:
    return ", ".join(map(dialect.identifier_preparer.quote, table.columns.keys()))
