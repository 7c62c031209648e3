"""A port that says whether the loop turns: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from reconciler.errors import WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_AT_ONCE: Final = 32


class Probes(Struct, frozen=True):
    """What the port answers with.

    Attributes:
        is_alive: Whether a cycle ended not too long ago.
        is_ready: Whether the last cycle reached both repository and platform.
    """

    is_alive: Callable[[], bool]
    is_ready: Callable[[], bool]
    metrics: Callable[[], bytes]


class _Server(ThreadingHTTPServer):
    """Answers so many at once and hangs up on the others: the loop beside it needs files and memory too."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._free = BoundedSemaphore(MOST_AT_ONCE)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(
            sys.exc_info()[1], OSError
        ):  # who asks and hangs up is none of the operator's faults
            super().handle_error(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()


@contextmanager
def answered(where: str, probes: Probes) -> Iterator[tuple[str, int]]:
    """Answer at `HOST:PORT` while the block runs; give the address, whose port is real where 0 was asked."""
    host, _, port = where.rpartition(":")
    try:
        server = _Server((host or "127.0.0.1", int(port)), _handler(probes))
    except (OSError, ValueError, OverflowError) as error:
        raise WrongUsageError(
            f"{where} cannot be listened at: {error}.", hint="Give a free one, such as 127.0.0.1:9464."
        ) from error
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield (host, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(probes: Probes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "reconciler"
        sys_version = ""

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    self._say(probes.is_alive())
                case "/readyz":
                    self._say(probes.is_ready())
                case "/metrics":
                    self._answer(HTTPStatus.OK, probes.metrics(), "text/plain; version=0.0.4; charset=utf-8")
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, b"not found\n")

        def _say(self, is_well: bool) -> None:  # noqa: FBT001 - the one thing that it says
            status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, b"ok\n" if is_well else b"not ok\n")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: probes come every few seconds."""

    return Handler
