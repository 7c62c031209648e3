"""The probes' port, and what strangers on it can take from the loop."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, closing
from urllib.request import urlopen

from reconciler.watch.health import MOST_AT_ONCE, Probes, answered

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
