"""`clients import`: many clients at once, all or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import click

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import environment_and_root, platform_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.progress import bars, lines_of
from reconciler.cli.terminal import Terminal
from reconciler.errors import ReconcilerError, UnaskedMovesError
from reconciler.render.json import import_json, moves_json

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.events import Event
    from reconciler.model.moving import Moving


@click.command("import")
@global_options
@option(
    "--assign",
    is_flag=True,
    help="Also give clients who exist the package or the start that their line states.",
)
@reason_option()
@actor_option()
@click.argument("file", type=click.File("rb"))
def import_command(file: BinaryIO, reason: str, actor: str | None, *, assign: bool) -> None:
    """Add or update clients from a file.

    FILE has one JSON object per line, or is a table with a header as spreadsheets write it (CSV); `-` is
    standard input. What a line does not state is kept. Every bad line is reported with its number, and then
    nothing is imported.

    Where lines would give clients who exist another package or another start, nothing is imported either: you
    are told whom that moves, and what it takes. With --assign it is done, as far as `clients_losing` lets it.
    """
    from reconciler.render.text.runs import import_text
    from reconciler.sources.client_lines import read_client_lines

    choices = chosen()
    terminal = Terminal.of(choices)
    environment, _ = environment_and_root(choices)
    bound = environment.guards.clients_losing if assign else None
    is_named = environment.show_clients or (choices.format == "text" and terminal.rows.width is not None)
    with platform_of(choices) as platform:
        newest = _newest(platform)
        try:
            with bars(terminal) as seen:
                lines = lines_of(file, read_client_lines(file), seen)
                report = platform.import_clients(lines, now(), assign=bound, by=author(actor, reason))
        except UnaskedMovesError as error:
            _show(_named(error.moves, is_named=is_named), terminal, is_json=choices.format == "json")
            raise
        except KeyboardInterrupt:
            raise click.Abort(_outcome(platform, newest)) from None
    report = replace(report, moves=_named(report.moves, is_named=is_named))
    if choices.format == "json":
        terminal.write_json(import_json(report))
    else:
        terminal.write(import_text(report, terminal.data))


def _newest(platform: Platform) -> Event | None:
    return next(platform.events(limit=1), None)


def _outcome(platform: Platform, before: Event | None) -> str:
    """Say what became of an import that was interrupted: one that is recorded was done."""
    try:
        now_newest = _newest(platform)
    except ReconcilerError:
        return "Interrupted. `reconciler events list` says whether anything was imported."
    if now_newest is None or now_newest == before:
        return "Interrupted. Nothing was imported."
    return "Interrupted, and something was written since it began: `reconciler events list` says what."


def _show(moves: tuple[Moving, ...], terminal: Terminal, *, is_json: bool) -> None:
    from reconciler.render.text.runs import moves_lines

    if is_json:
        terminal.write_json(moves_json(moves))
    else:
        terminal.write_lines(moves_lines(moves, terminal.data))


def _named(moves: tuple[Moving, ...], *, is_named: bool) -> tuple[Moving, ...]:
    """Return them with names only where those may be told (`show_clients`)."""
    return moves if is_named else tuple(replace(each, sample=()) for each in moves)
