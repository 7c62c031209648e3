"""New SQLite platforms, copied from one that was made: making one takes longer than most tests."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from reconciler.live.opening import open_platform


def new_store(path: Path) -> None:
    """Make a platform of its own at a path."""
    path.touch(mode=0o600)
    path.write_bytes(_made())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("UPDATE meta SET value = ? WHERE name = 'lineage'", [json.dumps(str(uuid4()))])


@cache
def _made() -> bytes:
    with TemporaryDirectory() as folder, open_platform("sqlite:///made.db", root=Path(folder)):
        return (Path(folder) / "made.db").read_bytes()
