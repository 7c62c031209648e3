"""What is acknowledged outlasts a power cut."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from reconciler.live.opening import open_platform
from reconciler.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

# https://www.sqlite.org/pragma.html#pragma_synchronous
EXTRA = 3


def test_the_folder_is_synced_after_the_journal_is_deleted(tmp_path: Path) -> None:
    with open_platform("sqlite:///platform.db", root=tmp_path):
        pass

    with closing(Database(tmp_path / "platform.db")) as database, database.writing() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()

    assert (synchronous, journal) == (EXTRA, "delete")
