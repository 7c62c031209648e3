"""How near the client comes to the ideal rate where a server is 20 ms away, from one to 64 calls at once."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.live.http.platform import open_http
from tests.benchmarks.goals import Row, reached

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.benchmark

AWAY_SECONDS: Final = 0.020
CALLS_EACH: Final = 40
AT_ONCE: Final = (1, 8, 32, 64)

FAR = """
import asyncio, sys

BODY = b'{"kind": "far", "lineage": "x", "versions": [1]}'
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"

async def answer(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            await asyncio.sleep(float(sys.argv[1]))
            writer.write(HEAD % len(BODY) + BODY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@contextmanager
def far_server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", FAR, str(AWAY_SECONDS)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.communicate(timeout=10)


def rate(url: str, at_once: int) -> float:
    """Return how many calls a second are answered; every thread's first, which connects, is not counted."""
    with open_http(url, token=None) as platform, ThreadPoolExecutor(at_once) as pool:

        def calls(count: int) -> None:
            for _ in range(count):
                platform.identity()

        list(pool.map(calls, [1] * at_once))
        started = time.perf_counter()
        list(pool.map(calls, [CALLS_EACH] * at_once))
        return at_once * CALLS_EACH / (time.perf_counter() - started)


def test_calls_scale_with_threads_to_more_than_half_of_the_ideal() -> None:
    with far_server() as url:
        rates = {at_once: max(rate(url, at_once) for _ in range(3)) for at_once in AT_ONCE}

    shares = {at_once: seen / (at_once / AWAY_SECONDS) for at_once, seen in rates.items()}
    print(
        f"\n{AWAY_SECONDS * 1_000:.0f} ms away: "
        + ", ".join(
            f"{at_once} at once {rates[at_once]:,.0f}/s = {shares[at_once]:.0%}" for at_once in AT_ONCE
        )
    )
    away = f"{AWAY_SECONDS * 1_000:.0f} ms away"
    reached(Row(f"calls to a server {away}, 32 in flight : ideal", shares[32], least=0.9))
    reached(Row(f"calls to a server {away}, 64 in flight : 32", rates[64] / rates[32], least=0.9))
