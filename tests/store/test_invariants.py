"""What the store repeats for speed stays equal to what it repeats."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.conformance.building import CATALOG, LATER, NOW, apply, definition, line
from reconciler.live.opening import open_platform
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.questions import ClientQuestion

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.live.port import Platform

STRAY_USAGE = """
    SELECT count(*) FROM usage JOIN subscriptions USING (client_id)
    WHERE usage.package_id <> subscriptions.package_id"""
WRONG_END = """
    SELECT count(*) FROM subscriptions JOIN clients ON clients.id = client_id
    WHERE active_until <> CASE status
        WHEN 'active' THEN coalesce(expires_at, 9223372036854775807) ELSE -9223372036854775808 END"""
MOVES = "SELECT run_id, client_id, from_revision, to_revision FROM moves"


def everything_happens(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("other", definition("Other", expiry="3 weeks"), NOW)
    apply(platform, catalog=CATALOG)
    people = [
        line(client_id, line=number, usage={"chat": 1, "sources": 2})
        for number, client_id in enumerate("abcdef", start=1)
    ]
    platform.import_clients(people, NOW)
    platform.assign("a", "other", LATER)
    platform.import_clients(
        [ClientLine("b", 1, package="other"), ClientLine("c", 2, status="archived")], LATER, assign=1
    )
    platform.record_usage("a", "chat", 3, LATER)
    platform.start_cycle("d", LATER)
    write = PackageWrite("basic", definition(expiry="2 months"), 1)
    apply(platform, writes=(write,), moves=(Move(ClientQuestion("basic", (1,)), 9),))
    platform.import_clients(
        [ClientLine("e", 1, status="disabled"), ClientLine("c", 2, status="active")], LATER
    )
    platform.set_users("f", 2, LATER)


def test_repeated_columns_hold_after_everything_that_writes(tmp_path: Path) -> None:
    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        everything_happens(platform)

        assert platform.holder_count(LATER + timedelta(days=5)) == 5
    with closing(sqlite3.connect(tmp_path / "platform.db")) as connection:
        assert connection.execute("SELECT count(*) FROM usage").fetchone() > (5,)
        assert connection.execute(STRAY_USAGE).fetchone() == (0,)
        assert connection.execute(WRONG_END).fetchone() == (0,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_run_remembers_whom_it_moved_and_from_where(tmp_path: Path) -> None:
    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        everything_happens(platform)
    with closing(sqlite3.connect(tmp_path / "platform.db")) as connection:
        moves = connection.execute(
            "SELECT run_id, client_id, from_revision, to_revision FROM moves"
        ).fetchall()

    assert moves == [(2, "d", 1, 2), (2, "e", 1, 2), (2, "f", 1, 2)]
