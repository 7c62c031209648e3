"""`clients import`: many clients at once, all or none."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

import click
from msgspec.structs import replace

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import environment_and_root, platform_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.process import now
from reconciler.cli.progress import bars, lines_of
from reconciler.cli.terminal import Terminal
from reconciler.engine.import_clients import Pieces
from reconciler.errors import ReconcilerError, UnaskedMovesError, WrongUsageError
from reconciler.model.english import agreed, counted
from reconciler.render.json import import_json, moves_json

if TYPE_CHECKING:
    from collections.abc import Iterator

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
@option(
    "--batch",
    type=click.IntRange(1, 1_000_000),
    help="Import in pieces of so many lines: one that fails takes back nothing of those before it.",
)
@option(
    "--after-line", type=click.IntRange(0), default=0, help="With --batch: go on after this line of the file."
)
@reason_option()
@actor_option()
@click.argument("file", type=click.File("rb"))
def import_command(  # noqa: PLR0913 - an option each
    file: BinaryIO, batch: int | None, after_line: int, reason: str, actor: str | None, *, assign: bool
) -> None:
    """Add or update clients from a file.

    FILE has one JSON object per line, or is a table with a header as spreadsheets write it (CSV); `-` is
    standard input. What a line does not state is kept. Every bad line is reported with its number, and then
    nothing is imported.

    Where lines would give clients who exist another package or another start, nothing is imported either: you
    are told whom that moves, and what it takes. With --assign it is done, as far as `clients_losing` lets it.

    With --batch FILE is read through first, and then imported in pieces, which move nobody. Each says up to
    which line FILE is imported: --after-line goes on there, whatever ended the command. All of FILE once more
    does no harm, but sets usage as its lines state.
    """
    from reconciler.render.text.runs import import_text
    from reconciler.sources.client_lines import read_client_lines

    _require_fit(file, batch, after_line, assign=assign)
    choices = chosen()
    terminal = Terminal.of(choices)
    environment, _ = environment_and_root(choices)
    bound = environment.guards.clients_losing if assign else None
    is_named = environment.show_clients or (choices.format == "text" and terminal.rows.width is not None)
    pieces = Pieces(batch or 0, after_line)
    if batch:
        deque(read_client_lines(file), maxlen=0)
        file.seek(0)
    with platform_of(choices) as platform:
        newest = _newest(platform)
        try:
            with bars(terminal) as seen:
                lines = lines_of(file, read_client_lines(file), seen)
                if batch:
                    for _ in pieces.imported(platform, lines, now, author(actor, reason)):
                        terminal.say(f"Imported up to line {pieces.done}.\n")
                    report = pieces.report
                else:
                    report = platform.import_clients(lines, now(), assign=bound, by=author(actor, reason))
        except ReconcilerError as error:
            terminal.complain("".join(f"{each}\n" for each in _written(pieces)))
            if isinstance(error, UnaskedMovesError):
                _show(_named(error.moves, is_named=is_named), terminal, is_json=choices.format == "json")
            raise
        except KeyboardInterrupt:
            raise click.Abort(" ".join([_outcome(platform, newest), *_written(pieces)])) from None
    report = replace(report, moves=_named(report.moves, is_named=is_named))
    if choices.format == "json":
        terminal.write_json(import_json(report))
    else:
        terminal.write(import_text(report, terminal.data))


def _require_fit(file: BinaryIO, batch: int | None, after_line: int, *, assign: bool) -> None:
    if batch is None and after_line:
        raise WrongUsageError("--after-line goes on with an import in pieces.", hint="Add --batch.")
    if batch and assign:
        raise WrongUsageError(
            "An import in pieces moves nobody.",
            hint="Import the lines that do without --batch: they are judged as a whole.",
        )
    if batch and not file.seekable():
        raise WrongUsageError("--batch reads FILE twice, and this is a pipe.", hint="Name a file.")


def _written(pieces: Pieces) -> Iterator[str]:
    """Say which pieces were written before one that was not, and how to go on."""
    if pieces.done:
        done = f"{counted(pieces.clients, 'client')} {agreed(pieces.clients, 'was', 'were')} imported"
        yield f"Before this piece {done}, up to line {pieces.done}. Go on with --after-line {pieces.done}."


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
    return moves if is_named else tuple(dataclasses.replace(each, sample=()) for each in moves)
