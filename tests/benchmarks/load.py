"""Requests as fast as a server takes them, over as many connections as are wanted, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.engine import Engine

from reconciler.store import round_trips
from reconciler.store.round_trips import JoiningCursor, _RoundTrip
from tests.watching import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

BARE = """
import json, sys, threading, uuid
import psycopg
import uvicorn
from fastapi import FastAPI

app = FastAPI()
here = threading.local()
database, trips = json.loads(sys.argv[2])
EVENT = "0" * 20

@app.get("/")
def read() -> dict[str, str]:
    return {}

@app.put("/")
def write(body: dict[str, str]) -> dict[str, str]:
    return body

@app.put("/sql")
def write_to_database(body: dict[str, str]) -> dict[str, str]:
    while True:
        key = uuid.uuid4().hex
        news = {"c0": f"c{body['number']}", "k0": key, EVENT: key[:20]}
        try:
            for trip in trips:
                send(trip, news)
        except (psycopg.errors.SerializationFailure, psycopg.errors.PipelineAborted):
            connection().rollback()
        else:
            return body

def send(trip, news):
    with connection().pipeline():
        for query, values in trip:
            connection().execute(query, told(values, news))

def told(values, news):
    if isinstance(values, dict):
        return {name: told(value, news) for name, value in values.items()}
    if isinstance(values, list):
        return [told(value, news) for value in values]
    return news.get(values, values) if isinstance(values, str) else values

def connection():
    if not hasattr(here, "connection"):
        here.connection = psycopg.connect(database, autocommit=True, prepare_threshold=None)
    return here.connection

uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", ws="none")
"""

Trip: TypeAlias = "list[tuple[str, Any]]"
"""Statements, each with its values, that go to PostgreSQL and are answered together."""


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
def bare_server(database: str = "", trips: Sequence[Trip] = ()) -> Iterator[str]:
    """The framework alone, in a process of its own; at `/sql` it makes these round trips to a database."""
    port = free_port()
    told = json.dumps([database, trips])
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), told])
    try:
        while not _answers(port):
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


class _Recorded(_RoundTrip):
    going: ClassVar[Trip] = []
    gone: ClassVar[list[Trip]] = []

    def _add(self, kept: Any) -> None:
        self.going.append((kept.query, [*kept.values]))
        super()._add(kept)

    def _exit_gen(self) -> Any:
        self.gone.append(self.going.copy())
        self.going.clear()
        yield from super()._exit_gen()


class _Unrecorded(JoiningCursor):
    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        raise AssertionError(f"{query} with {params} would not be recorded ({options})")


@contextmanager
def recorded() -> Iterator[list[Trip]]:
    """Give the round trips to PostgreSQL that this process makes within the block, as it makes them."""

    def record(connection: Any, _record: object, _proxy: object) -> None:
        connection.cursor_factory = _Unrecorded

    def end(connection: Any, _record: object) -> None:
        connection.cursor_factory = JoiningCursor

    event.listen(Engine, "checkout", record)
    event.listen(Engine, "checkin", end)
    _Recorded.going, _Recorded.gone = [], []
    try:
        with patch.object(round_trips, "_RoundTrip", _Recorded):
            yield _Recorded.gone
    finally:
        event.remove(Engine, "checkout", record)
        event.remove(Engine, "checkin", end)


def _answers(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        connection.connect()
        return True
    return False
