"""`serve`: the environment's platform over HTTP."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TextIO

import click
from msgspec.structs import replace

from reconciler.cli.opening import served_of, settings_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.render.sanitise import disarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from socket import socket

    from reconciler.server.dependencies import Served
    from reconciler.server.runner import Listening

_LINES_WAITING: Final = 10_000
_GATHERED_SECONDS: Final = 0.1
_WRITTEN_AT_ONCE: Final = 8
"""So few lines are one write, into which no other process on the same pipe writes: 4 KiB at most."""


def show_logs() -> None:
    """Show warnings and errors; tracebacks quote what a request said, and no build server obeys them."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Disarmed("%(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler])


@contextmanager
def requests_shown() -> Iterator[None]:
    """Write a line per request to standard output, from a thread of its own: who reads it slows nobody down.

    Lines that are not read in time are left out.
    """
    lines = _Lines()
    lines.setFormatter(_Disarmed("%(message)s"))
    logger = logging.getLogger("reconciler.requests")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(lines)
    writer = threading.Thread(target=lines.write, args=(sys.stdout,))
    writer.start()
    try:
        yield
    finally:
        lines.is_over.set()
        lines.are_there.set()
        writer.join()


class _Lines(logging.Handler):
    """Keeps lines until they are written, a few times a second: to wake the writer costs more than a line."""

    def __init__(self) -> None:
        super().__init__()
        self.are_there = threading.Event()
        self.is_over = threading.Event()
        self._waiting: deque[logging.LogRecord] = deque()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, unless too many wait."""
        if len(self._waiting) < _LINES_WAITING:
            self._waiting.append(record)
            if not self.are_there.is_set():
                self.are_there.set()

    def write(self, to: TextIO) -> None:
        """Write what is kept until it is over; say nothing of a reader that went away."""
        while self.are_there.wait() and not (self.is_over.wait(_GATHERED_SECONDS) and not self._waiting):
            self.are_there.clear()
            some = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with suppress(OSError):
                for start in range(0, len(some), _WRITTEN_AT_ONCE):
                    lines = (f"{self.format(each)}\n" for each in some[start : start + _WRITTEN_AT_ONCE])
                    to.write("".join(lines))
                    to.flush()
            if self.is_over.is_set():
                self.are_there.set()


class _Disarmed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return disarm(super().format(record))


@click.command("serve")
@global_options
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0: any free one.")
@option(
    "--connections",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="So many at once; beyond, one that nobody waits on is closed for a new one.",
)
@option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that share the address; each also has the port after it that is its number.",
)
def serve_command(host: str, port: int, connections: int, workers: int) -> None:
    """Serve the platform over HTTP until interrupted.

    Each request becomes a line of JSON on standard output.

    Needs the extra `server`. Other machines are let in only once tokens exist: reconciler tokens create.
    Put a proxy that does TLS in front.
    """
    try:
        from reconciler.server.runner import Listening, opened, serve
        from reconciler.server.workers import divided
    except ModuleNotFoundError as error:
        raise WrongUsageError(
            f"Serving needs {error.name}, which is not installed.",
            hint="Install it with the extra `server`, from where reconciler came.",
        ) from error
    show_logs()
    listening = Listening(host, port, connections, settings_of(chosen()).server.trusted_proxies)
    if workers == 1:
        with requests_shown(), _served(workers) as served:
            shared, address = opened(served, listening)
            serve(served, listening, [shared], _announcing(served, address))
        return
    with _served(workers) as served:  # a file is migrated here, by one process
        shared, address = opened(served, listening)
        own = _own(served, listening, workers)
        announce = _announcing(served, address, *(each for _, each in own))
    sockets = [each for each, _ in own]
    number = divided(workers, [shared, *sockets], announce)
    if number is None:
        return
    mine = sockets.pop(number - 1)
    for other in sockets:
        other.close()
    with requests_shown(), _served(workers) as served:
        serve(served, listening, [shared, mine])


def _announcing(served: Served, address: str, *alone: str) -> Callable[[], None]:
    """Return what says where it serves, with all that must be asked of the platform asked now."""
    notice = "without tokens, so open to everybody on this machine" if served.is_open else "with tokens"
    by = "".join(f", worker {number} alone at {each}" for number, each in enumerate(alone, 1))
    return partial(Terminal.of(chosen()).say, f"Serving at {address}, {notice}{by}.\n")


def _own(served: Served, listening: Listening, workers: int) -> list[tuple[socket, str]]:
    """Open the addresses at which each worker is found alone, for its figures."""
    from reconciler.server.runner import opened

    ports = [listening.port and listening.port + number for number in range(1, workers + 1)]
    return [opened(served, replace(listening, port=port)) for port in ports]


@contextmanager
def _served(workers: int) -> Iterator[Served]:
    """Open the chosen platform; credentials may fail as often with several workers as with one."""
    from reconciler.server.dependencies import Bounds, Served
    from reconciler.server.identity import Identities

    issuers = settings_of(chosen()).server.issuers
    bounds = replace(Bounds(), failures=max(1, Bounds().failures // workers))
    with served_of(chosen()) as (platform, tokens):
        yield Served(platform, tokens, now, bounds, Identities(issuers) if issuers else None)
