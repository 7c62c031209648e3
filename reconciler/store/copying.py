"""Copying a whole platform from one database into another, verified row by row."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, insert, select

from reconciler.errors import BlockedError, UnreachableError
from reconciler.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Row, Table

_PAGE: Final = 2_000


def copy_all(
    source: Connection, target: Connection, seen: Callable[[str, int, int | None], None]
) -> dict[str, int]:
    """Copy every row of every table and return how many each table had.

    The copy is the same platform: its lineage, runs, tokens and revisions come along, so that saved plans go
    on. `seen` is told how many rows of how many of each are copied. Raises `BlockedError` where the target is
    in use, `UnreachableError` where what arrived differs.
    """
    _require_unused(target)
    target.execute(tables.meta.delete())
    counts = {}
    for table in tables.metadata.sorted_tables:
        counts[table.name] = _copy(source, target, table, seen)
        if _digest(source, table) != _digest(target, table):
            raise UnreachableError(
                f"the copy of {table.name} differs from what was copied; nothing was kept",
                hint="Try again, and look at both databases.",
            )
    return counts


def _require_unused(target: Connection) -> None:
    used = [
        table.name
        for table in tables.metadata.sorted_tables
        if table is not tables.meta and target.execute(select(func.count()).select_from(table)).scalar_one()
    ]
    if used:
        raise BlockedError(
            f"the platform to copy to is in use: it has {', '.join(used)}",
            hint="Name a new database.",
        )


def _copy(
    source: Connection, target: Connection, table: Table, seen: Callable[[str, int, int | None], None]
) -> int:
    count, total = 0, source.execute(select(func.count()).select_from(table)).scalar_one()
    names = table.columns.keys()
    for page in _pages(source, table):
        target.execute(insert(table), [dict(zip(names, row, strict=True)) for row in page])
        count += len(page)
        seen(f"{table.name.replace('_', ' ')} copied", count, total)
    return count


def _digest(connection: Connection, table: Table) -> str:
    """Return SHA-256 over all rows in the order of the key, as values and not as a database writes them."""
    digest = hashlib.sha256()
    for page in _pages(connection, table):
        for row in page:
            digest.update(repr(tuple(row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _pages(connection: Connection, table: Table) -> Iterator[Sequence[Row[tuple[object, ...]]]]:
    statement = select(table).order_by(*table.primary_key.columns)
    with connection.execute(statement.execution_options(yield_per=_PAGE)) as rows:
        yield from rows.partitions()
