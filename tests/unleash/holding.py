"""Stands between a client and an Unleash, and holds one of the changes that are on their way."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_THE_WAY = ("connection", "content-length", "transfer-encoding")


@dataclass
class Holding:
    """Passes requests on, but for the change of the number `lets`, counted from 0: that one goes nowhere.

    Attributes:
        halted: Set once it holds that change, or by whoever waits for something else as well.
        ended: To be set once the client is no more.
    """

    target: str
    lets: int
    port: int = 0
    changes: int = 0
    is_holding: bool = False
    halted: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def holds(self, method: str, path: str) -> bool:
        if method == "GET" or path.endswith("export"):
            return False
        self.changes += 1
        if self.changes != self.lets + 1:
            return False
        self.is_holding = True
        self.halted.set()
        self.ended.wait()
        return True


@contextmanager
def holding(target: str, lets: int) -> Iterator[Holding]:
    between = Holding(target.removeprefix("http://"), lets)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def body(self) -> bytes:
            if "Transfer-Encoding" not in self.headers:
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def pass_on(self) -> None:
            body = self.body()
            if between.holds(self.command, self.path):
                self.close_connection = True
                return
            own = {*_OF_THE_WAY, "accept-encoding"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in own}
            onward = HTTPConnection(between.target)
            onward.request(self.command, self.path, body, headers)
            reply = onward.getresponse()
            content = reply.read()
            onward.close()
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in _OF_THE_WAY:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = pass_on  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        between.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield between
        finally:
            between.ended.set()
            server.shutdown()
