"""A proxy that opens tunnels, as companies have them between their build servers and everybody else."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 65_536


@dataclass
class Proxy:
    """A proxy that listens.

    Attributes:
        target: Where every tunnel leads, whatever it was asked for.
        asked: The heads of all requests for a tunnel.
    """

    target: str
    refusal: bytes = b""
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://ana:s3cret@127.0.0.1:{self.port}"


@contextmanager
def proxy_to(target: str, refusal: bytes = b"") -> Iterator[Proxy]:
    proxy = Proxy(target, refusal)

    class Tunnel(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                head += self.request.recv(PIECE)
            proxy.asked.append(head.decode())
            if proxy.refusal:
                self.request.sendall(proxy.refusal)
                return
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            host, _, port = proxy.target.rpartition("//")[2].partition(":")
            with socket.create_connection((host, int(port))) as onward:
                threading.Thread(target=_pass_on, args=(onward, self.request), daemon=True).start()
                _pass_on(self.request, onward)

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        proxy.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield proxy
        server.shutdown()


def _pass_on(source: Any, target: Any) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
