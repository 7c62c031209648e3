"""Authorised requests beside a thousand strangers, as a ratio to the same ones alone."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Final

import httpx
import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from tests.benchmarks.agency import configure
from tests.server.test_pressure import WAYS
from tests.servers import now
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.benchmark

STRANGERS: Final = 1_000
CALLS: Final = 200
MEBIBYTE: Final = 2**20
MOST_MEBIBYTES: Final = 100
MOST_TIMES: Final = 2.0
CROWD: Final = """
import resource, socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
said = bytes.fromhex(sys.stdin.readline())
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
held = []
for _ in range(count):
    try:
        held.append(socket.create_connection((host, port), timeout=5))
        held[-1].sendall(said)
    except OSError:
        pass
print("here", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("said", WAYS.values(), ids=WAYS.keys())
def test_strangers_slow_nobody_down(tmp_path: Path, said: bytes) -> None:
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
    with serving(tmp_path) as server, authorised(server.url, text) as client:
        alone = seconds_of(client)
        before = server.peak_bytes()
        with crowd(server.host, said):
            beside = seconds_of(client)
        cost = (server.peak_bytes() - before) / MEBIBYTE

    print(f"{beside / alone:.1f} times as long beside {STRANGERS} strangers, who cost {cost:.0f} MiB")
    assert cost < MOST_MEBIBYTES
    assert beside / alone <= MOST_TIMES


@contextmanager
def authorised(url: str, token: str) -> Iterator[httpx.Client]:
    """Give a client at another address than the strangers', whose own connections give way first."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, transport=transport, headers=headers, timeout=60) as client:
        yield client


def seconds_of(client: httpx.Client) -> float:
    """Return how long one of many authorised requests takes."""

    def once() -> float:
        started = perf_counter()
        assert client.get("/v1/catalog").is_success
        return perf_counter() - started

    return median(once() for _ in range(CALLS))


@contextmanager
def crowd(host: str, said: bytes) -> Iterator[None]:
    """Have a thousand strangers stay, each on a connection of its own and with what it says."""
    name, _, port = host.partition(":")
    command = [sys.executable, "-c", CROWD, name, port, str(STRANGERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as strangers:
        assert strangers.stdin is not None
        assert strangers.stdout is not None
        strangers.stdin.write(f"{said.hex()}\n")
        strangers.stdin.flush()
        strangers.stdout.readline()
        yield
        strangers.terminate()
