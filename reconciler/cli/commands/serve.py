"""`serve`: the environment's platform over HTTP."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TextIO

import click

from reconciler.cli.opening import served_of, settings_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.render.sanitise import disarm

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES_WAITING: Final = 10_000
_GATHERED_SECONDS: Final = 0.1


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
                to.write("".join(f"{self.format(each)}\n" for each in some))
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
def serve_command(host: str, port: int, connections: int) -> None:
    """Serve the platform over HTTP until interrupted.

    Each request becomes a line of JSON on standard output.

    Needs the extra `server`. Other machines are let in only once tokens exist: reconciler tokens create.
    Put a proxy that does TLS in front.
    """
    try:
        from reconciler.server.dependencies import Served
        from reconciler.server.identity import Identities
        from reconciler.server.runner import Listening, serve
    except ModuleNotFoundError as error:
        raise WrongUsageError(
            f"Serving needs {error.name}, which is not installed.",
            hint="Install it with the extra `server`, from where reconciler came.",
        ) from error
    show_logs()
    choices = chosen()
    terminal = Terminal.of(choices)
    settings = settings_of(choices).server
    with requests_shown(), served_of(choices) as (platform, tokens):
        served = Served(
            platform, tokens, now, identities=Identities(settings.issuers) if settings.issuers else None
        )
        notice = "without tokens, so open to everybody on this machine" if served.is_open else "with tokens"
        serve(
            served,
            Listening(host, port, connections, settings.trusted_proxies),
            lambda address: terminal.say(f"Serving at {address}, {notice}.\n"),
        )
