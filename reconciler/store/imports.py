"""What an import needs beside the clients: which ids it has met, and that others wait for it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError
from reconciler.store import tables
from reconciler.store.dialects import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping


WRITTEN: Final = (tables.clients, tables.subscriptions, tables.grants, tables.usage)
"""What an import writes. It lasts long: beside writes that go on and on, each try would be undone by one."""


@contextmanager
def met() -> Iterator[Met]:
    """Give the ids that one import has met, none yet, for the block."""
    connection = sqlite3.connect("")
    try:
        connection.execute("CREATE TABLE met (id TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        yield Met(connection)
    finally:
        connection.close()


class Met:
    """Ids and their lines, in a nameless file of this process: a million of them need no memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def first_lines(self, ids: Collection[str]) -> dict[str, int]:
        """Return on which line each of these ids was met; those that were not are left out."""
        found: dict[str, int] = {}
        for chunk in chunks(ids):
            marks = ", ".join("?" * len(chunk))
            rows = self._connection.execute(f"SELECT id, line FROM met WHERE id IN ({marks})", chunk)  # noqa: S608 - only marks
            found |= dict(rows)
        return found

    def note(self, fresh: Mapping[str, int]) -> None:
        """Remember ids and their lines."""
        try:
            self._connection.executemany("INSERT INTO met VALUES (?, ?)", fresh.items())
        except sqlite3.OperationalError as error:
            raise ReconcilerError(
                f"the ids of the import cannot be kept: {error}",
                hint="Nothing was imported. Free some space, or set TMPDIR to another folder.",
            ) from error
