"""Writing rows without what SQLAlchemy does for each: half of a large import, and of one write."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from reconciler.store.dialects import quoted, write_later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def upsert_later(connection: Connection, table: Table, row: tuple[Any, ...]) -> None:
    """Have a row be what stands under its primary key, whether there was one or not."""
    schema, dialect = connection.schema_for_object(table), connection.dialect
    write_later(connection, _upserting(table, schema, dialect), row)


def update_later(connection: Connection, table: Table, changed: Mapping[str, Any], key: str) -> None:
    """Change the row that has the key of these values."""
    schema, dialect = connection.schema_for_object(table), connection.dialect
    statement = _updating(table, tuple(changed), key, schema, dialect)
    write_later(connection, statement, (*changed.values(), changed[key]))


def delete_later(connection: Connection, table: Table, where: Mapping[str, Any]) -> None:
    """Delete the rows that have these values."""
    schema, dialect = connection.schema_for_object(table), connection.dialect
    write_later(connection, _deleting(table, tuple(where), schema, dialect), tuple(where.values()))


def selecting(connection: Connection, table: Table, names: tuple[str, ...], key: str = "") -> str:
    """Return what asks for columns of the row with a key, which is bound, or of the only row."""
    return _selecting(table, names, key, connection.schema_for_object(table), connection.dialect)


@lru_cache
def _selecting(table: Table, names: tuple[str, ...], key: str, schema: str | None, dialect: Dialect) -> str:
    wanted = ", ".join(map(dialect.identifier_preparer.quote, names))
    which = f" WHERE {_equal([key], dialect)}" if key else ""
    return f"SELECT {wanted} FROM {quoted(dialect, schema, table)}{which}"  # noqa: S608 - names of our own


@lru_cache
def _upserting(table: Table, schema: str | None, dialect: Dialect) -> str:
    quote, key = dialect.identifier_preparer.quote, table.primary_key.columns.keys()
    rest = (quote(each.name) for each in table.columns if each.name not in key)
    news = ", ".join(f"{each} = excluded.{each}" for each in rest)
    which = ", ".join(map(quote, key))
    return f"{_of_row(table, schema, dialect)} ON CONFLICT ({which}) DO UPDATE SET {news}"


@lru_cache
def _updating(table: Table, names: tuple[str, ...], key: str, schema: str | None, dialect: Dialect) -> str:
    news = _equal(names, dialect, ", ")
    return f"UPDATE {quoted(dialect, schema, table)} SET {news} WHERE {_equal([key], dialect)}"  # noqa: S608 - the same


@lru_cache
def _deleting(table: Table, names: tuple[str, ...], schema: str | None, dialect: Dialect) -> str:
    return f"DELETE FROM {quoted(dialect, schema, table)} WHERE {_equal(names, dialect)}"  # noqa: S608 - the same


def _equal(names: Sequence[str], dialect: Dialect, between: str = " AND ") -> str:
    return between.join(f"{dialect.identifier_preparer.quote(each)} = {_mark(dialect)}" for each in names)


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"


@lru_cache
def _of_row(table: Table, schema: str | None, dialect: Dialect) -> str:
    marks = ", ".join([_mark(dialect)] * len(table.columns))
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
