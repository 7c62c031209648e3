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
from tests.benchmarks.goals import Row, reached
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
import resource, select, socket, sys
host, port, count, drips = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "drips"
said = bytes.fromhex(sys.stdin.readline())
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
def come():
    try:
        stranger = socket.create_connection((host, port), timeout=5)
        stranger.sendall(said)
        return stranger
    except OSError:
        return None
held = [come() for _ in range(count)]
print("here", flush=True)
while not select.select([sys.stdin], [], [], 1 if drips else None)[0]:
    for number, stranger in enumerate(held):
        try:
            stranger.sendall(b"x")
        except (OSError, AttributeError):
            held[number] = come()
"""
"""Those who drip say one byte a second each, and come again where they were sent away."""
DRIPS: Final = {
    "that drip a head": b"POST /v1/holdings HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "that drip a body": b"POST /v1/holdings HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n",
}


@pytest.mark.parametrize("way", [*WAYS, *DRIPS])
def test_strangers_slow_nobody_down(tmp_path: Path, way: str) -> None:
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
    with serving(tmp_path) as server, authorised(server.url, text) as client:
        alone = seconds_of(client)
        before = server.peak_bytes()
        with crowd(server.host, way):
            beside = seconds_of(client)
        cost = (server.peak_bytes() - before) / MEBIBYTE

    who = f"{STRANGERS:,} strangers {way}"
    reached(Row(f"an authorised request beside {who} : alone", beside / alone, most=MOST_TIMES))
    reached(Row(f"memory for {who}", cost, most=MOST_MEBIBYTES, unit=" MiB"))


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
def crowd(host: str, way: str) -> Iterator[None]:
    """Have a thousand strangers stay, each on a connection of its own and with what it says."""
    name, _, port = host.partition(":")
    said = {**WAYS, **DRIPS}[way]
    drips = "drips" if way in DRIPS else "stays"
    command = [sys.executable, "-c", CROWD, name, port, str(STRANGERS), drips]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as strangers:
        assert strangers.stdin is not None
        assert strangers.stdout is not None
        strangers.stdin.write(f"{said.hex()}\n")
        strangers.stdin.flush()
        strangers.stdout.readline()
        yield
        strangers.terminate()
