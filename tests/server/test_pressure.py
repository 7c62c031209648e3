"""What a crowd of strangers can do to a server: nothing that others notice."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.tokens import Scope
from reconciler.server.dependencies import Bounds
from reconciler.server.failures import Failures
from tests.benchmarks.agency import configure
from tests.builders import NOON
from tests.server.conftest import browser
from tests.server.test_anonymous import CHUNKED, LENGTH, MEBIBYTE, PATIENCE, announce, answered, opened
from tests.servers import listening, now, served
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.serving import Serving

CONNECTIONS = 1_000
WAYS = {
    "that say nothing": b"",
    "with half a head": b"POST /v1/change-sets HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "with a body to come": b"POST /v1/holdings HTTP/1.1\r\nHost: x\r\nContent-Length: 67108864\r\n\r\n",
    "that pour": b"POST /v1/holdings HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n40000\r\n"
    + b"x" * 2**18,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A process with a token, which takes ten connections."""
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
    (tmp_path / "token").write_text(text)
    with serving(tmp_path, "--connections", "10") as process:
        yield process


def healthz(server: Serving) -> int:
    with opened(server.url) as connection:
        announce(connection, "GET", "/healthz", "Connection: close")
        return answered(connection)[0]


@pytest.mark.parametrize("said", WAYS.values(), ids=WAYS.keys())
def test_more_connections_than_there_may_be_keep_nobody_out(server: Serving, said: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(50):
            connection = stack.enter_context(closing(opened(server.url)))
            with suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(said)

        assert healthz(server) == 200


def test_the_address_with_most_connections_gives_way(server: Serving, tmp_path: Path) -> None:
    host, _, port = server.host.partition(":")
    token = (tmp_path / "token").read_text()
    asked = f"GET /v1/catalog HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    with ExitStack() as stack:
        kept = stack.enter_context(
            socket.create_connection((host, int(port)), PATIENCE, source_address=("127.0.0.2", 0))
        )
        for _ in range(50):
            stack.enter_context(closing(opened(server.url)))
            assert healthz(server) == 200

        kept.sendall(asked)
        assert kept.recv(MEBIBYTE).startswith(b"HTTP/1.1 200")


def crowd(server: Serving, said: bytes) -> None:
    """Have a thousand strangers at once, each with what it says, and wait for none of them."""

    async def one() -> None:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(*server.host.split(":"))
            writer.write(said)
            await asyncio.wait_for(writer.drain(), PATIENCE)
            writer.close()

    async def everyone() -> None:
        await asyncio.gather(*(one() for _ in range(CONNECTIONS)))

    asyncio.run(everyone())


@pytest.mark.parametrize("said", WAYS.values(), ids=WAYS.keys())
def test_a_thousand_strangers_cost_less_than_a_hundred_mebibytes(tmp_path: Path, said: bytes) -> None:
    configure(tmp_path, local="sqlite:///platform.db")
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        create_token(register, "ci", [Scope.READ], now())
    with serving(tmp_path) as server:
        healthz(server)
        before = server.peak_bytes()

        crowd(server, said)

        assert healthz(server) == 200
        assert server.peak_bytes() - before < 100 * MEBIBYTE


@pytest.mark.parametrize("framing", [LENGTH, CHUNKED])
@pytest.mark.parametrize("bounds", [Bounds(silence_seconds=0.05), Bounds(body_seconds=0.05)])
def test_a_body_that_stops_coming_is_not_waited_for(tmp_path: Path, framing: str, bounds: Bounds) -> None:
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, register):
        _, text = create_token(register, "ci", [Scope.READ], now())
        with listening(served(platform, register, bounds)) as url, opened(url) as connection:
            announce(connection, "POST", "/v1/holdings", framing, f"Authorization: Bearer {text}")

            status, answer = answered(connection)

    assert status == 408
    assert b"connection: close" in answer


def test_whoever_guesses_is_told_to_wait_and_a_valid_token_is_not_refused_for_that(tmp_path: Path) -> None:
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, register):
        _, text = create_token(register, "ci", [Scope.READ], NOON)
        bounds = replace(Bounds(), failures=3)
        with (
            listening(served(platform, register, bounds, clock=lambda: NOON)) as url,
            browser(url) as client,
        ):
            wrong = {"Authorization": f"Bearer {text[:-1]}_"}
            guesses = [client.get("/v1/catalog", headers=wrong) for _ in range(5)]
            nothing = client.get("/v1/catalog")
            right = client.get("/v1/catalog", headers={"Authorization": f"Bearer {text}"})

    assert [each.status_code for each in guesses] == [401, 401, 401, 429, 429]
    assert guesses[-1].headers["Retry-After"] == "20"
    assert (nothing.status_code, right.status_code) == (401, 200)


def test_failures_are_forgiven_with_time_and_counted_by_address() -> None:
    failures = Failures(a_minute=2)

    at_once = [failures.wait_after("192.0.2.1", NOON) for _ in range(3)]
    elsewhere = failures.wait_after("192.0.2.2", NOON)
    later = [failures.wait_after("192.0.2.1", NOON + timedelta(minutes=5)) for _ in range(3)]

    assert (at_once, elsewhere, later) == ([0, 0, 30], 0, [0, 0, 30])


def test_one_subscriber_has_many_addresses_of_ipv6() -> None:
    failures = Failures(a_minute=1)

    waits = [failures.wait_after(f"2001:db8:1:2::{number}", NOON) for number in range(3)]

    assert waits == [0, 60, 60]


def test_addresses_that_nobody_heard_of_for_long_are_forgotten() -> None:
    failures = Failures(a_minute=1)
    failures.wait_after("192.0.2.1", NOON)

    for number in range(10_000):
        failures.wait_after(f"10.0.{number // 256}.{number % 256}", NOON)

    assert failures.wait_after("192.0.2.1", NOON) == 0


@pytest.mark.parametrize(("trusted", "waits"), [("127.0.0.1", False), ("192.0.2.0/24", True)])
def test_a_trusted_proxy_says_where_a_request_is_from(tmp_path: Path, trusted: str, *, waits: bool) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        "environments: {local: {platform: 'sqlite:///platform.db'}}\n"
        f"server: {{trusted_proxies: ['{trusted}']}}\n"
    )
    with open_served("sqlite:///platform.db", root=tmp_path) as (_, register):
        create_token(register, "ci", [Scope.READ], now())
    wrong = f"Bearer rct_0123456789ab_{'x' * 43}"
    with serving(tmp_path) as server, browser(server.url) as client:
        statuses = {
            client.get(
                "/v1/catalog", headers={"Authorization": wrong, "X-Forwarded-For": f"198.51.100.{number}"}
            ).status_code
            for number in range(100)
        }

    assert statuses == ({401, 429} if waits else {401})
