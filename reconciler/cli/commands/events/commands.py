"""The commands on events."""

from __future__ import annotations

import re
from typing import Final

import click

from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.terminal import Terminal
from reconciler.errors import InvalidError
from reconciler.render.json import event_json, verified_json

_SEAL: Final = re.compile(r"[1-9][0-9]*:sha256:[0-9a-f]{64}\Z")


@click.command("list")
@global_options
@option("--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many events; else 50.")
def list_command(limit: int) -> None:
    """List the latest events.

    Assignments, clients added, imports and what they did to each client, edits by hand, runs; oldest first.
    """
    from reconciler.render.text.events import event_table

    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        events = platform.events(limit=limit)
        if choices.format == "json":
            terminal.write_json_lines(map(event_json, events))
        else:
            terminal.write_lines(event_table(events, terminal.rows))


@click.command("export")
@global_options
def export_command() -> None:
    """Write every event as a line of JSON, oldest first."""
    choices = chosen()
    with platform_of(choices) as platform:
        Terminal.of(choices).write_json_lines(map(event_json, platform.events()))


def _seals(_context: click.Context, _parameter: click.Parameter, heads: tuple[str, ...]) -> tuple[str, ...]:
    for head in heads:
        if not _SEAL.match(head):
            raise click.BadParameter(f"{head!r} is no seal: it is written like 7:sha256:0a1b….")
    return heads


@click.command("verify")
@global_options
@option(
    "--head",
    "--heads",
    "heads",
    metavar="RUN:SEAL",
    multiple=True,
    callback=_seals,
    help="A seal that was kept elsewhere, as `apply` printed it; may be repeated.",
)
def verify_command(heads: tuple[str, ...]) -> None:
    """Check that no event was altered.

    Each event has the digest of its own content, and each run that of all events before it which no run had.
    Whoever can write the database can make all of them anew: keep the seals elsewhere that `apply`,
    `history RUN` and this command print. The first of those kept that does not fit names the run that sealed
    what was altered.
    """
    from reconciler.planning.events import verify
    from reconciler.render.text.events import verified_text

    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        verified = verify(platform.events(), heads)
    if verified.faults:
        message = "\n".join(["Events are not as they were written.", *verified.faults])
        raise InvalidError(message, hint="Compare with a backup, or with what `events export` wrote before.")
    if choices.format == "json":
        terminal.write_json(verified_json(verified))
    else:
        terminal.write(verified_text(verified, terminal.data))
