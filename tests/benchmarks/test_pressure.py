"""Authorised requests beside a thousand strangers, as a ratio to the same ones alone."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, suppress
from statistics import median
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from tests.benchmarks.agency import configure
from tests.server.conftest import browser
from tests.server.test_pressure import WAYS
from tests.servers import now
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.benchmark

STRANGERS: Final = 1_000
CALLS: Final = 200
MEBIBYTE: Final = 2**20


@pytest.mark.parametrize("said", WAYS.values(), ids=WAYS.keys())
def test_strangers_slow_nobody_down(tmp_path: Path, said: bytes) -> None:
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
    with serving(tmp_path) as server, browser(server.url) as client, ExitStack() as stack:
        client.headers["Authorization"] = f"Bearer {text}"
        alone = seconds_of(client)
        before = server.peak_bytes()
        over = Event()
        strangers = Thread(target=come_and_go, args=(server.host, said, over), daemon=True)
        strangers.start()
        stack.callback(over.set)
        beside = seconds_of(client)
        cost = (server.peak_bytes() - before) / MEBIBYTE

    print(f"{beside / alone:.1f} times as long beside {STRANGERS} strangers, who cost {cost:.0f} MiB")
    assert cost < 100


def seconds_of(client: httpx.Client) -> float:
    """Return how long one of many authorised requests takes."""

    def once() -> float:
        started = perf_counter()
        assert client.get("/v1/catalog").is_success
        return perf_counter() - started

    return median(once() for _ in range(CALLS))


def come_and_go(host: str, said: bytes, over: Event) -> None:
    """Open a thousand connections, each with what it says, close them all, and begin again."""
    name, _, port = host.partition(":")
    number = 0
    with ExitStack() as stack:
        while not over.is_set():
            with suppress(OSError):
                each = stack.enter_context(closing(socket.create_connection((name, int(port)), timeout=5)))
                each.sendall(said)
            if (number := number + 1) % STRANGERS == 0:
                stack.close()
