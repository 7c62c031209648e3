"""Which ids an import has met, in a temporary table: a million of them need no memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from reconciler.store import scratch, tables
from reconciler.store.bulk import insert_all
from reconciler.store.dialects import chunks, lock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection


def begin(connection: Connection) -> None:
    """Forget what an earlier import met."""
    scratch.empty(connection, tables.imported)


def keep_writers_out(connection: Connection) -> None:
    """Have others who write what an import writes wait for the end of this transaction, which has just begun.

    An import lasts long: beside writes that go on and on, each try would be undone by one of them.
    """
    lock(connection, (tables.clients, tables.subscriptions, tables.usage))


def first_lines(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    """Return on which line each of these ids was met; those that were not are left out."""
    columns = tables.imported.c
    return {
        row.client_id: row.line
        for chunk in chunks(ids)
        for row in connection.execute(select(tables.imported).where(columns.client_id.in_(chunk)))
    }


def note(connection: Connection, met: Mapping[str, int]) -> None:
    """Remember ids and their lines."""
    insert_all(connection, tables.imported, tuple(met.items()))
