"""Requests as fast as a server takes them, over as many connections as are wanted, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from tests.watching import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BARE = """
import sys
import uvicorn
from fastapi import FastAPI

app = FastAPI()

@app.get("/")
def read() -> dict[str, str]:
    return {}

@app.put("/")
def write(body: dict[str, str]) -> dict[str, str]:
    return body

uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", ws="none")
"""


@dataclass(frozen=True)
class Sent:
    method: str
    path: str
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def rate(host: str, request: Callable[[int], Sent], *, count: int, at_once: int) -> float:
    """Return how many requests a second are answered, of `count` that differ by their number."""

    def some(first: int) -> Counter[int]:
        connection = HTTPConnection(host, timeout=60)
        answered: Counter[int] = Counter()
        for number in range(first, count, at_once):
            sent = request(number)
            connection.request(sent.method, sent.path, sent.body, dict(sent.headers))
            with connection.getresponse() as answer:
                answer.read()
            answered[answer.status] += 1
        connection.close()
        return answered

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        answered = sum(pool.map(some, range(at_once)), Counter[int]())
    seconds = time.perf_counter() - started
    assert answered == {200: count}
    return count / seconds


@contextmanager
def bare_server() -> Iterator[str]:
    """The framework alone, in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        while not _answers(port):
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def _answers(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        connection.connect()
        return True
    return False
