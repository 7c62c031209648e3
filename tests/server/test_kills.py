"""Servers and databases that are killed: applied exactly once or not at all, and the user told which."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import StaleError, UnreachableError
from reconciler.live.http.messages import Limits
from reconciler.live.http.platform import open_http
from reconciler.live.opening import open_platform, open_served
from reconciler.model.changesets import ChangeSet, Move, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.questions import ClientQuestion
from tests.builders import NOON, definition
from tests.mortal_postgres import mortal_postgres
from tests.servers import listening, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.live.port import Platform

ROOT = Path(__file__).parents[2]
PATIENT = Limits(seconds=30, long_seconds=30, tries=12)
HOLDERS = 3_000
DELAYS = (0.01, 0.03, 0.1)


def change_set(platform: Platform, plan: str = "sha256:1", **contents: Any) -> ChangeSet:
    write = PackageWrite("basic", definition(features=["chat"]), _version(platform))
    fields: dict[str, Any] = {"writes": (write,), **contents}
    return ChangeSet(plan, platform.identity().lineage, NOON, "ana", "local", **fields)


def _version(platform: Platform) -> int | None:
    return next((head.version for head in platform.packages() if head.key == "basic"), None)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def dying_server(folder: Path, port: int, moment: str) -> Iterator[subprocess.Popen[bytes]]:
    script = Path(__file__).with_name("dying.py")
    arguments = [sys.executable, str(script), str(folder), str(port), moment, str(folder / "died")]
    process = subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        _await_listener(port)
        yield process
    finally:
        process.kill()
        process.wait(10)


def _await_listener(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not come up")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_server_killed_around_the_commit_applies_exactly_once(tmp_path: Path, moment: str) -> None:
    port = _free_port()
    with (
        open_http(f"http://127.0.0.1:{port}", token=None, limits=PATIENT) as platform,
        dying_server(tmp_path, port, moment) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        pending = pool.submit(platform.apply, change_set(platform))
        process.wait(20)
        with dying_server(tmp_path, port, moment):
            run = pending.result(30)
            runs = platform.runs()
            heads = platform.packages()

    assert (process.returncode, (tmp_path / "died").exists()) == (-signal.SIGKILL, True)
    assert runs == (run,)
    assert [(head.key, head.revision) for head in heads] == [("basic", 1)]


def test_of_two_applies_at_once_one_wins_and_the_other_is_told(address: str) -> None:
    with open_http(address, token=None) as platform:
        platform.edit_package("basic", definition(), NOON)
        change_sets = [change_set(platform, f"sha256:{number}") for number in (1, 2)]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(lambda each: _outcome(platform, each), change_sets))
        runs = platform.runs()

    assert sorted(map(type, outcomes), key=str) == sorted([StaleError, type(runs[0])], key=str)
    assert len(runs) == 1


def test_of_two_applies_at_once_on_postgresql_one_wins(database: str, tmp_path: Path) -> None:
    with open_platform(database, root=tmp_path) as one, open_platform(database, root=tmp_path) as other:
        one.edit_package("basic", definition(), NOON)
        change_sets = [change_set(one, f"sha256:{number}") for number in (1, 2)]
        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(_outcome, (one, other), change_sets))
        runs = one.runs()

    assert sorted(map(type, outcomes), key=str) == sorted([StaleError, type(runs[0])], key=str)
    assert len(runs) == 1


def test_many_writers_at_once_on_postgresql_lose_nothing(database: str, tmp_path: Path) -> None:
    with open_platform(database, root=tmp_path) as platform:
        platform.edit_package("basic", definition(features=["chat"]), NOON)
        platform.add_client(ClientLine("acme", 1, "Acme", "a@x.example", package="basic"), NOON)
        with ThreadPoolExecutor(8) as pool:
            totals = list(pool.map(lambda _: platform.record_usage("acme", "chat", 1, NOON), range(40)))

    assert sorted(totals) == list(range(1, 41))


def test_two_servers_on_one_postgresql_do_a_keyed_write_once(database: str, tmp_path: Path) -> None:
    with (
        open_served(database, root=tmp_path) as (first, _),
        open_served(database, root=tmp_path) as (second, _),
        listening(served(first)) as one,
        listening(served(second)) as other,
        open_http(one, token=None) as left,
        open_http(other, token=None) as right,
    ):
        planned = change_set(left)
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(_outcome, (left, right), (planned, planned)))

        assert runs[0] == runs[1]
        assert len(left.runs()) == 1


def test_a_package_edited_between_plan_and_apply_makes_the_apply_stale(address: str) -> None:
    with open_http(address, token=None) as platform:
        platform.edit_package("basic", definition(), NOON)
        planned = change_set(platform)
        platform.edit_package("basic", definition(title="By hand"), NOON)

        with pytest.raises(StaleError):
            platform.apply(planned)

        assert (platform.runs(), platform.packages()[0].title) == ((), "By hand")


def test_a_package_edited_during_the_apply_is_before_or_after_it(database: str, tmp_path: Path) -> None:
    with open_platform(database, root=tmp_path) as one, open_platform(database, root=tmp_path) as other:
        one.edit_package("basic", definition(), NOON)
        planned = change_set(one)
        with ThreadPoolExecutor(2) as pool:
            applied = pool.submit(_outcome, one, planned)
            edited = pool.submit(other.edit_package, "basic", definition(title="By hand"), NOON)
            outcome, head = applied.result(), edited.result()
        runs = one.runs()

    assert head.title == "By hand"
    assert (len(runs), isinstance(outcome, StaleError)) in {(0, True), (1, False)}


def test_postgresql_killed_in_mid_apply_has_all_of_it_or_nothing(tmp_path: Path) -> None:
    with mortal_postgres() as server, open_platform(server.url, root=tmp_path) as platform:
        platform.edit_package("basic", definition(features=["chat", "calls"]), NOON)
        platform.import_clients(map(_line, range(HOLDERS)), NOON)
        planned = change_set(platform, moves=(Move(ClientQuestion("basic", (1,)), HOLDERS),))
        told: list[bool] = []
        for delay in DELAYS:
            killer = threading.Timer(delay, server.kill)
            killer.start()
            outcome = _outcome(platform, planned)
            killer.join()
            server.start()

            run = platform.run_of_plan(planned.plan_hash)
            assert platform.holdings(["basic"], NOON)["basic"] == {1 if run is None else 2: HOLDERS}
            told.append(run is not None or isinstance(outcome, UnreachableError))

        assert told == [True] * len(DELAYS)
        assert platform.apply(planned).moved == HOLDERS
        assert len(platform.runs()) == 1


def _line(number: int) -> ClientLine:
    return ClientLine(f"c{number}", number + 1, f"C{number}", "a@x.example", package="basic")


def _outcome(platform: Platform, planned: ChangeSet) -> Any:
    try:
        return platform.apply(planned)
    except (StaleError, UnreachableError) as error:
        return error


def test_many_writers_to_clients_of_their_own_do_not_get_in_each_others_way(
    database: str, tmp_path: Path
) -> None:
    with (
        open_served(database, root=tmp_path) as (store, _),
        listening(served(store)) as url,
        open_http(url, token=None, limits=Limits(tries=1)) as platform,
    ):
        store.edit_package("basic", definition(), NOON)
        store.edit_package("pro", definition(title="Pro"), NOON)
        store.import_clients(map(_line, range(HOLDERS)), NOON)
        with ThreadPoolExecutor(24) as pool:
            moved = list(pool.map(lambda number: platform.assign(f"c{number * 9}", "pro", NOON), range(240)))

    assert {client.subscription.package for client in moved} == {"pro"}
