"""`serve --workers N`: processes that share an address, and begin and end as one."""

from __future__ import annotations

import json
import os
import re
import select
import signal
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.benchmarks.agency import configure
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.serving import Serving

WORKERS: Final = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def divided(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serving]:
    """A server of several processes, on a file that is not there yet or on an empty database."""
    is_file = request.param == "sqlite"
    configure(tmp_path, local="sqlite:///new.db" if is_file else request.getfixturevalue("empty_database"))
    with serving(tmp_path, "--workers", str(WORKERS), log=tmp_path / "requests.log") as server:
        yield server


def hosts(server: Serving) -> list[str]:
    """Return where each worker is found alone."""
    return re.findall(r"alone at http://([0-9.]+:[0-9]+)", server.announced)


def ask(host: str, path: str) -> tuple[int, str]:
    with closing(HTTPConnection(host, timeout=30)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()


def children(server: Serving) -> list[int]:
    """Return the processes of the workers, which all answer."""
    assert {ask(host, "/healthz")[0] for host in hosts(server)} == {200}
    stats = Path("/proc").glob("[0-9]*/stat")
    return [int(each.parent.name) for each in stats if parent_of(each) == server.process.pid]


def parent_of(stat: Path) -> int:
    """Return the parent of a process, which may be gone by now."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


def test_workers_share_an_address_and_tell_of_themselves_at_one_of_their_own(
    divided: Serving, tmp_path: Path
) -> None:
    shared = [ask(divided.host, "/v1/catalog")[0] for _ in range(10)]
    each = [ask(host, "/v1/catalog")[0] for host in hosts(divided)]
    figures = [ask(host, "/metrics")[1] for host in hosts(divided)]
    code, messages = divided.ended()

    counted = [re.findall(r"requests_total\{.*catalog.*\} (\d+)", text) for text in figures]
    logged = [json.loads(line) for line in (tmp_path / "requests.log").read_text().splitlines()]
    assert {*shared, *each} == {200}
    assert len(counted) == WORKERS
    assert sum(float(number) for numbers in counted for number in numbers) == len(shared) + len(each)
    assert len(logged) == len(shared) + len(each) + len(figures)
    assert (code, messages) == (0, "")


def test_all_workers_end_where_the_first_process_is_killed(divided: Serving) -> None:
    followed = [os.pidfd_open(each) for each in children(divided)]
    divided.process.kill()

    for each in followed:
        signal_of_end, _, _ = select.select([each], [], [], 60)
        os.close(each)
        assert signal_of_end
    assert len(followed) == WORKERS


def test_where_one_worker_dies_all_end_and_it_is_said(divided: Serving) -> None:
    os.kill(children(divided)[0], signal.SIGKILL)

    _, messages = divided.process.communicate(timeout=60)
    assert divided.process.returncode == 7
    assert "A worker ended by itself, so the others were ended too." in messages
