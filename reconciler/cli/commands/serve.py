"""`serve`: the environment's platform over HTTP."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import TYPE_CHECKING, Any, Final

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
    waiting: Queue[logging.LogRecord] = Queue(_LINES_WAITING)
    lines = _Lines(sys.stdout)
    lines.setFormatter(_Disarmed("%(message)s"))
    listener = QueueListener(waiting, lines)
    logger = logging.getLogger("reconciler.requests")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(_Waiting(waiting))
    listener.start()
    try:
        yield
    finally:
        listener.stop()


class _Waiting(QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(Full):
            super().enqueue(record)


class _Lines(logging.StreamHandler[Any]):
    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing of a reader that went away: requests are answered all the same."""


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
