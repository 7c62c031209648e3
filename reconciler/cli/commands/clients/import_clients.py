"""`clients import`: many clients at once, all or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import click

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import environment_and_root, platform_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.progress import counted
from reconciler.cli.terminal import Terminal
from reconciler.errors import UnaskedMovesError
from reconciler.render.json import import_json, moves_json
from reconciler.render.text.runs import import_text, moves_lines

if TYPE_CHECKING:
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
    from reconciler.sources.client_lines import read_client_lines

    choices = chosen()
    terminal = Terminal.of(choices)
    environment, _ = environment_and_root(choices)
    bound = environment.guards.clients_losing if assign else None
    is_named = environment.show_clients or (choices.format == "text" and terminal.rows.width is not None)
    with platform_of(choices) as platform:
        lines = counted(read_client_lines(file), "lines read", terminal)
        try:
            by = author(actor, reason)
            report = platform.import_clients(lines, now(), assign=bound, by=by)
        except UnaskedMovesError as error:
            _show(_named(error.moves, is_named=is_named), terminal, is_json=choices.format == "json")
            raise
    report = replace(report, moves=_named(report.moves, is_named=is_named))
    if choices.format == "json":
        terminal.write_json(import_json(report))
    else:
        terminal.write(import_text(report, terminal.data))


def _show(moves: tuple[Moving, ...], terminal: Terminal, *, is_json: bool) -> None:
    if is_json:
        terminal.write_json(moves_json(moves))
    else:
        terminal.write_lines(moves_lines(moves, terminal.data))


def _named(moves: tuple[Moving, ...], *, is_named: bool) -> tuple[Moving, ...]:
    """Return them with names only where those may be told (`show_clients`)."""
    return moves if is_named else tuple(replace(each, sample=()) for each in moves)
