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
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sqlalchemy import event
from sqlalchemy.engine import Engine

from reconciler.store.round_trips import JoiningCursor
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
database, messages = json.loads(sys.argv[2])
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
        news = {"'c0'": f"'c{body['number']}'", "'k0'": f"'{key}'", EVENT: key[:20]}
        try:
            send(news)
        except psycopg.errors.SerializationFailure:
            connection().rollback()
        else:
            return body

def send(news):
    for message in messages:
        for old, new in news.items():
            message = message.replace(old, new)
        connection().execute(message)

def connection():
    if not hasattr(here, "connection"):
        here.connection = psycopg.connect(database, autocommit=True, cursor_factory=psycopg.ClientCursor)
    return here.connection

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
def bare_server(database: str = "", messages: Sequence[str] = ()) -> Iterator[str]:
    """The framework alone, in a process of its own; at `/sql` it sends these messages to a database."""
    port = free_port()
    told = json.dumps([database, messages])
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), told])
    try:
        while not _answers(port):
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


class _Recorded(JoiningCursor):
    sent: ClassVar[list[str]] = []

    def send(self, statements: str) -> None:
        self.sent.append(statements)
        super().send(statements)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        if not self.connection.keeps_back:
            self.sent.append(self.mogrify(query, params))
        return super().execute(query, params, **options)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Give the messages that this process sends to PostgreSQL within the block, as they are sent."""

    def record(connection: Any, _record: object, _proxy: object) -> None:
        connection.cursor_factory = _Recorded

    event.listen(Engine, "checkout", record)
    _Recorded.sent = []
    try:
        yield _Recorded.sent
    finally:
        event.remove(Engine, "checkout", record)


def _answers(port: int) -> bool:
    with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=1)) as connection:
        connection.connect()
        return True
    return False
