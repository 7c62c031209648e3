"""A server that answers with exactly the bytes, the pauses and the hang-ups that a test wants."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Peer:
    """One request on a connection, and what may be done to it."""

    def __init__(self, connection: socket.socket, request: bytes) -> None:
        self.connection = connection
        self.request = request

    @property
    def path(self) -> str:
        return self.request.split(b" ")[1].decode().partition("?")[0]

    def header(self, name: str) -> str:
        for line in self.request.split(b"\r\n"):
            key, _, value = line.partition(b":")
            if key.decode().lower() == name.lower():
                return value.strip().decode()
        return ""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def response(body: bytes | Any, status: int = 200, kind: str = "application/json", **headers: Any) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + content


PLATFORM = response({"kind": "sqlite", "lineage": "x", "versions": [1]})


@contextmanager
def hostile(script: Callable[[Peer], None], *, has_platform: bool = True) -> Iterator[str]:
    """Give every request to the script, but the question which platform this is."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection: socket.socket = self.request
            head = _head(connection)
            if not head:
                return
            peer = Peer(connection, head)
            try:
                if has_platform and peer.path == "/v1/platform":
                    peer.send(PLATFORM)
                else:
                    script(peer)
            except OSError:
                return  # the client hung up, which is what some tests wait for

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)


def _head(connection: socket.socket) -> bytes:
    """Read a request whole: its head and the body that it states."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    stated = re.search(rb"(?i)content-length: (\d+)", head)
    length = int(stated[1]) if stated else 0
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
