"""The probes' port, and what strangers on it can take from the loop."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING
from urllib.request import urlopen

from reconciler.watch.health import MOST_AT_ONCE, Probes, answered

if TYPE_CHECKING:
    import pytest

PROBES = Probes(lambda: True, lambda: True, lambda: b"")


def test_strangers_who_say_nothing_take_no_more_threads_than_there_are_places() -> None:
    before = threading.active_count()
    with answered("127.0.0.1:0", PROBES) as address, ExitStack() as stack:
        *_, last = [
            stack.enter_context(closing(socket.create_connection(address, timeout=30)))
            for _ in range(4 * MOST_AT_ONCE)
        ]

        assert last.recv(1) == b""
        assert threading.active_count() - before <= MOST_AT_ONCE + 1


def test_a_place_is_free_again_when_its_answer_was_sent() -> None:
    with answered("127.0.0.1:0", PROBES) as (host, port):
        statuses = {urlopen(f"http://{host}:{port}/healthz").status for _ in range(2 * MOST_AT_ONCE)}

    assert statuses == {200}


def test_strangers_who_hang_up_write_nothing_into_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    with answered("127.0.0.1:0", PROBES) as (host, port):
        for _ in range(2 * MOST_AT_ONCE):
            with closing(socket.create_connection((host, port), timeout=30)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert urlopen(f"http://{host}:{port}/healthz").status == 200

    assert capfd.readouterr().err == ""
