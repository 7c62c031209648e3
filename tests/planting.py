"""What a store may hold though no way in takes it: by an earlier version, or a hand in its tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from reconciler.store import packages
from reconciler.store.database import Database
from reconciler.store.packages import Contents
from tests.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.packages import Definition


def plant_package(path: Path, key: str, definition: Definition) -> None:
    """Put an unmanaged package into a platform's file."""
    contents = Contents(key, definition, archived=False, managed=False)
    with closing(Database(path)) as database, database.writing() as connection:
        packages.write(connection, [(contents, None)], NOON)


def plant_name(path: Path, client_id: str, name: str) -> None:
    """Give a client in a platform's file any name."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE clients SET name = ? WHERE id = ?", (name, client_id))
