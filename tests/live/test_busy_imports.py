"""Imports straight into PostgreSQL, beside others who write what they write."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from threading import Event
from typing import TYPE_CHECKING

import psycopg
import pytest

from reconciler.conformance.building import NOW, line, with_client
from reconciler.errors import ContentionError, ReconcilerError
from reconciler.live.opening import open_platform, open_served
from reconciler.model.clients import ClientLine, ImportReport
from reconciler.model.idempotency import KeyedRequest
from tests.disks import largest_file
from tests.workspaces import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

WRITERS = 4
MANY = 2000


def ids() -> list[str]:
    return [f"c{number}" for number in range(MANY)]


def used(client_id: str, number: int) -> ClientLine:
    return ClientLine(client_id, number, usage={"chat": 5})


@pytest.fixture
def platform(database: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(database, root=tmp_path) as opened:
        with_client(opened)
        yield opened


@pytest.fixture
def rival(database: str, tmp_path: Path) -> Iterator[Platform]:
    with open_platform(database, root=tmp_path) as opened:
        yield opened


def test_an_import_that_others_undid_is_tried_again_with_all_lines(
    platform: Platform, rival: Platform
) -> None:
    def lines() -> Iterator[ClientLine]:
        yield used("acme", 1)
        rival.record_usage("acme", "chat", 1, NOW)
        yield line("bolt", line=2)

    report = platform.import_clients(lines(), NOW)

    assert report == ImportReport(added=1, updated=1)
    assert platform.client("acme", NOW).usage == {"chat": 5}
    assert rival.client("bolt", NOW).name == "bolt"


def record_until(done: Event, platform: Platform, mine: list[str]) -> int:
    """Record usage without a pause, and at least once, until the import is done."""
    recorded = 0
    while True:
        for client_id in mine:
            with suppress(ContentionError):
                platform.record_usage(client_id, "chat", 1, NOW)
                recorded += 1
            if recorded and done.is_set():
                return recorded


@contextmanager
def writers_who_never_pause(database: str, root: Path) -> Iterator[None]:
    done = Event()
    with ExitStack() as stack, ThreadPoolExecutor(WRITERS) as pool:
        writers = [stack.enter_context(open_platform(database, root=root)) for _ in range(WRITERS)]
        writing = [
            pool.submit(record_until, done, writer, ids()[number::WRITERS])
            for number, writer in enumerate(writers)
        ]
        try:
            yield
        finally:
            done.set()
        assert all(each.result() for each in writing)


def until_idle_in_transaction(database: str) -> None:
    """Wait until an import has begun, and waits for its lines."""
    asked = (
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        while not connection.execute(asked).rowcount:
            connection.execute("SELECT pg_sleep(0.01)")


@pytest.mark.parametrize("is_kept", [False, True], ids=["alone", "with an answer that is kept"])
def test_an_import_succeeds_beside_writers_who_never_pause(
    database: str, tmp_path: Path, *, is_kept: bool
) -> None:
    with open_served(database, root=tmp_path) as (platform, _):
        with_client(platform)
        platform.import_clients([line(each, line=number) for number, each in enumerate(ids(), 1)], NOW)

        def imported() -> str:
            lines = (ClientLine(each, n, users=3, usage={"chat": 5}) for n, each in enumerate(ids(), 1))
            return str(platform.import_clients(lines, NOW).updated)

        with writers_who_never_pause(database, tmp_path):
            updated = platform.once(KeyedRequest("k", "f", NOW), imported) if is_kept else imported()

        assert updated == str(MANY)
        assert {client.users for client in platform.clients(NOW) if client.id != "acme"} == {3}


def test_nothing_is_on_standard_error_where_a_try_was_undone(
    platform: Platform, database: str, tmp_path: Path
) -> None:
    platform.import_clients([line(each, line=number) for number, each in enumerate(ids(), 1)], NOW)
    config = repository(tmp_path, config=json.dumps({"environments": {"local": {"platform": database}}}))
    command = (sys.executable, "-m", "reconciler", "clients", "import", "-", "--config", str(config))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until_idle_in_transaction(database)
        platform.record_usage(ids()[0], "chat", 1, NOW)

        lines = "".join(json.dumps({"id": each, "usage": {"chat": 5}}) + "\n" for each in ids())
        out, err = process.communicate(lines, timeout=60)

    assert process.returncode == 0
    assert out
    assert err == ""
    assert platform.client(ids()[0], NOW).usage == {"chat": 5}


def test_lines_that_find_no_room_for_a_second_try_are_told(tmp_path: Path) -> None:
    lines = (line(f"c{number}", line=number, name=f"{number:02000}") for number in range(1, 9000))

    with (
        open_platform("sqlite:///platform.db", root=tmp_path) as platform,
        pytest.raises(ReconcilerError, match="cannot keep the lines for another try: File too large"),
        largest_file(2**20),
    ):
        platform.import_clients(lines, NOW)
