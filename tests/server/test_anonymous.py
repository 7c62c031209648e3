"""What somebody without a token can make a server do: answer, and nothing else."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from tests.benchmarks.agency import configure
from tests.server.test_access import CASES, Case
from tests.servers import now
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.server.conftest import Api
    from tests.serving import Serving

MEBIBYTE: Final = 2**20
MUCH: Final = 64 * MEBIBYTE
PATIENCE: Final = 30
"""Seconds after which a server that waits for a body is given up on."""

LENGTH: Final = f"Content-Length: {MUCH}"
CHUNKED: Final = "Transfer-Encoding: chunked"
FRAMINGS: Final = (LENGTH, CHUNKED)
WITHOUT_ROUTE: Final = {("GET", "/healthz"): 200, ("POST", "/nowhere"): 404, ("POST", "/readyz"): 405}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A process that serves a platform with a token."""
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        create_token(register, "ci", [Scope.ADMIN], now())
    with serving(tmp_path) as process:
        yield process


def opened(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def announce(connection: socket.socket, method: str, path: str, *headers: str) -> None:
    """Send all of a request but its body."""
    lines = (f"{method} {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers, "", "")
    connection.sendall("\r\n".join(lines).encode())


def answered(connection: socket.socket) -> tuple[int, bytes]:
    """Read until the server closes the connection; return the status and all that came."""
    with suppress(ConnectionResetError):
        received = b""
        while piece := connection.recv(MEBIBYTE):
            received += piece
    return int(received.split()[1]), received


def pour(connection: socket.socket, framing: str) -> int:
    """Send a body of 64 MiB, for as long as the server takes it; return the status of the answer."""
    piece = b"{}," * (MEBIBYTE // 3)
    if framing == CHUNKED:
        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    with suppress(ConnectionResetError, BrokenPipeError):
        for _ in range(64):
            connection.sendall(piece)
    return answered(connection)[0]


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_request_without_a_token_is_refused_before_its_body_is_read(
    api: Api, case: Case, framing: str
) -> None:
    with opened(str(api.client.base_url)) as connection:
        announce(connection, case.method, case.path, framing, *map(": ".join, case.headers.items()))

        status, answer = answered(connection)

    assert status == 401
    assert b"connection: close" in answer


def test_a_token_that_may_not_is_refused_before_the_body_is_read(api: Api) -> None:
    bearer = f"Authorization: Bearer {api.tokens['read']}"
    with opened(str(api.client.base_url)) as connection:
        announce(connection, "POST", "/v1/change-sets", LENGTH, bearer, "Idempotency-Key: x")

        assert answered(connection)[0] == 403


@pytest.mark.parametrize(("asked", "status"), WITHOUT_ROUTE.items())
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_body_that_nobody_asked_for_is_not_read(
    api: Api, asked: tuple[str, str], status: int, framing: str
) -> None:
    with opened(str(api.client.base_url)) as connection:
        announce(connection, *asked, framing)

        assert answered(connection)[0] == status


def test_bodies_of_strangers_cost_less_than_a_mebibyte_each(server: Serving) -> None:
    bodies = [(case.method, case.path, framing) for case in CASES[-6:] for framing in FRAMINGS]
    for method, path, framing in bodies:
        with opened(server.url) as connection:
            announce(connection, method, path, framing)
            answered(connection)
    before = server.peak_bytes()

    with ExitStack() as stack:
        connections = [stack.enter_context(closing(opened(server.url))) for _ in bodies]
        for connection, body in zip(connections, bodies, strict=True):
            announce(connection, *body)
        statuses = {pour(each, body[2]) for each, body in zip(connections, bodies, strict=True)}

    assert statuses == {401}
    assert server.peak_bytes() - before < len(bodies) * MEBIBYTE


def test_a_server_answers_while_strangers_take_their_time(server: Serving) -> None:
    with ExitStack() as stack:
        for number in range(100):
            connection = stack.enter_context(closing(opened(server.url)))
            announce(connection, "POST", "/v1/holdings", FRAMINGS[number % 2])
        with opened(server.url) as connection:
            announce(connection, "GET", "/healthz", "Connection: close")

            assert answered(connection)[0] == 200


@pytest.mark.parametrize("said", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG"])
def test_a_connection_on_which_no_request_begins_is_ended(server: Serving, said: bytes) -> None:
    with opened(server.url) as connection:
        connection.sendall(said)

        received = b"".join(iter(lambda: connection.recv(MEBIBYTE), b""))

    assert received.count(b"HTTP/1.1 200") == said.count(b"HTTP")


def test_a_connection_whose_answers_nobody_reads_is_ended(server: Serving) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 1_000_000
    host, _, port = server.url.removeprefix("http://").partition(":")
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_304)
        connection.settimeout(2 * PATIENCE)
        connection.connect((host, int(port)))

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(asked)


def test_headers_without_an_end_are_refused(server: Serving) -> None:
    before = server.peak_bytes()
    with opened(server.url) as connection, suppress(ConnectionResetError, BrokenPipeError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        for _ in range(64):
            connection.sendall(b"x" * MEBIBYTE)

    assert server.peak_bytes() - before < 2 * MEBIBYTE
