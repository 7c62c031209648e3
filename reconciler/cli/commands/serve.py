"""`serve`: the environment's platform over HTTP."""

from __future__ import annotations

import logging

import click

from reconciler.cli.opening import served_of, settings_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.render.sanitise import disarm


def show_logs() -> None:
    """Show warnings and errors; tracebacks quote what a request said, and no build server obeys them."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Disarmed("%(levelname)s: %(message)s"))
    logging.basicConfig(handlers=[handler])


class _Disarmed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return disarm(super().format(record))


@click.command("serve")
@global_options
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", type=click.IntRange(0, 65_535), default=8765, show_default=True, help="0: any free one.")
def serve_command(host: str, port: int) -> None:
    """Serve the platform over HTTP until interrupted.

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
    issuers = settings_of(choices).server.issuers
    with served_of(choices) as (platform, tokens):
        served = Served(platform, tokens, now, identities=Identities(issuers) if issuers else None)
        notice = "without tokens, so open to everybody on this machine" if served.is_open else "with tokens"
        serve(
            served,
            Listening(host, port),
            lambda address: terminal.say(f"Serving at {address}, {notice}.\n"),
        )
