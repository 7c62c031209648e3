"""Listening: one process or several, ended cleanly by a signal."""

from __future__ import annotations

import signal
import socket
from collections import Counter
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, ClassVar, Final

import uvicorn
from msgspec import Struct
from uvicorn.protocols.http.h11_impl import H11Protocol

from reconciler.errors import BlockedError, UnreachableError
from reconciler.server.app import application

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from reconciler.server.dependencies import Served

_GRACE_SECONDS: Final = 20
_KEEP_ALIVE_SECONDS: Final = 5
_PIECE: Final = 2**15
_BACKLOG: Final = 1_024


class Listening(Struct, frozen=True):
    """Where to listen.

    Attributes:
        port: 0 takes any that is free.
        connections: So many are open at once in each process; beyond, one that nobody waits on is closed for
            a new one.
        trusted_proxies: Addresses or networks whose `X-Forwarded-For` says where a request is from.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    connections: int = 1_000
    trusted_proxies: tuple[str, ...] = ()

    @property
    def is_here_only(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def opened(served: Served, listening: Listening) -> tuple[socket.socket, str]:
    """Return what listens there, and its address.

    Raises `BlockedError` where other machines could reach a platform without tokens, `UnreachableError`
    where the address cannot be bound.
    """
    if not listening.is_here_only and served.is_open:
        raise BlockedError(
            f"The platform has no tokens: whoever reaches {listening.host} could change it.",
            hint="Make one first: reconciler tokens create NAME --scope admin.",
        )
    there = bound(listening)
    host, port = there.getsockname()[:2]
    return there, f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    served: Served,
    listening: Listening,
    sockets: Sequence[socket.socket],
    announce: Callable[[], None] = lambda: None,
) -> None:
    """Serve on sockets that listen, until a signal ends it; `announce` is called once one would."""
    server = uvicorn.Server(_configuration(served, listening))
    with _ended_by_sigterm(server):
        announce()
        server.run(sockets=[*sockets])


class Impatient(H11Protocol):
    """Ends a connection on which the next request does not begin in time, however slowly its head comes.

    So it does where nothing of an answer is read. Else a thousand of either would keep everybody else out. Of
    more connections than there may be, it gives up one for each new one: of the address that has the most of
    them, one that waits for a request, or else for the rest of one, and the one that does so for longest. One
    whose request is being answered is never given up.

    Attributes:
        since: When it began to wait for what it waits for.
    """

    most: ClassVar[int]
    since: float
    _due: asyncio.TimerHandle | None = None
    _watched: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room for the connection, and read from it in small pieces."""
        self._make_room()
        opened: Any = transport
        opened.max_size = _PIECE
        super().connection_made(opened)

    def data_received(self, data: bytes) -> None:
        """Read no more of a body than the application asks for: strangers' bodies are not kept for long."""
        super().data_received(data)
        if self.is_asked and self.cycle.body and not self.is_answering:
            self.flow.pause_reading()

    def _make_room(self) -> None:
        """Give up a connection for this one, where there are as many as there may be."""
        others = [each for each in self.connections if isinstance(each, Impatient)]
        waiting = [each for each in others if not each.is_answering]
        if len(others) >= self.most and waiting:
            shares = Counter(each.address for each in others)
            first = min(waiting, key=lambda each: (-shares[each.address], each.is_asked, each.since))
            first.transport.abort()

    @property
    def address(self) -> str:
        """Where the connection is from."""
        return self.client[0] if self.client else ""

    @property
    def is_asked(self) -> bool:
        """Whether a request began that is not answered yet."""
        return not getattr(self.cycle, "response_complete", True)

    @property
    def is_answering(self) -> bool:
        """Whether a request came to its end and is not answered yet."""
        return self.is_asked and not self.cycle.more_body

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def pause_writing(self) -> None:
        """Watch whether what waits to be sent is being read."""
        super().pause_writing()
        self._watch()

    def _watch(self) -> None:
        if self._watched is not None:
            self._watched.cancel()
        size = self.transport.get_write_buffer_size()
        self._watched = self.loop.call_later(self.timeout_keep_alive, self._require_progress, size)

    def _require_progress(self, size: int) -> None:
        if self.flow.write_paused and not self.transport.is_closing():
            if self.transport.get_write_buffer_size() == size:
                self.transport.abort()
            else:
                self._watch()

    def _wait(self) -> None:
        self.since = self.loop.time()
        if self._due is not None:
            self._due.cancel()
        self._due = self.loop.call_later(self.timeout_keep_alive, self._end)

    def _end(self) -> None:
        if not self.is_asked:
            self.transport.close()


@contextmanager
def _ended_by_sigterm(server: uvicorn.Server) -> Iterator[None]:
    """Have SIGTERM be a good end, before uvicorn looks for it and when it raises it again."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    former = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _configuration(served: Served, listening: Listening) -> uvicorn.Config:
    protocol = type("Bounded", (Impatient,), {"most": listening.connections})
    return uvicorn.Config(
        application(served),
        log_config=None,
        http=protocol,  # the other parser that could be there keeps headers of any length
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        proxy_headers=bool(listening.trusted_proxies),
        forwarded_allow_ips=list(listening.trusted_proxies),
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def bound(listening: Listening) -> socket.socket:
    """Return the socket that listens there; raises `UnreachableError` where it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listening.host, listening.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio sends small answers without delay only where a socket says that it is of TCP
        listens = socket.socket(family, kind, protocol)
        listens.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listens.bind(address)
        listens.listen(_BACKLOG)
    except OSError as error:
        raise UnreachableError(
            f"{listening.host}:{listening.port} cannot be listened on: {error.strerror or error}",
            hint="Choose another --host or --port.",
        ) from error
    return listens
