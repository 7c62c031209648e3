"""`history`: the runs that a platform recorded, and what was done to one client or one package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import glossary_of
from reconciler.cli.parameters import number_of_run
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError
from reconciler.render.json import history_json, package_history_json, run_json

if TYPE_CHECKING:
    from reconciler.live.port import PlatformReader


def run_number(text: str) -> int:
    """Read the number of a run, alone or as histories name it."""
    number = number_of_run(text)
    if number is None:
        told = "`--package KEY` and `--client ID` tell what was done to one of them."
        raise click.BadParameter(f"{text!r} names no run; write 5 or run:5. {told}")
    return number


@click.command("history")
@global_options
@option(
    "--client",
    metavar="ID",
    shell_complete=completed_by("clients"),
    help="What was done to this client, by hands, imports and runs.",
)
@option(
    "--package",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="What was done to this package, under all keys that it had.",
)
@option("--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many; else 50.")
@click.argument("run", required=False, metavar="[RUN]", type=run_number, shell_complete=completed_by("runs"))
def history_command(run: int | None, client: str | None, package: str | None, limit: int) -> None:
    """List the runs, or show one.

    RUN is the number of a run; without it the latest are listed, newest first. With --client or --package all
    that was done to one of them is listed instead, each write named as `rollback` takes it.
    """
    if len([each for each in (run, client, package) if each is not None]) > 1:
        raise WrongUsageError("Which history?", hint="Give a run, --client or --package: one of them.")
    terminal = Terminal.of(chosen())
    with platform_of(chosen()) as platform:
        if client is not None:
            _of_client(platform, client, limit, terminal)
        elif package is not None:
            of_package(platform, package, limit, terminal)
        elif run is not None:
            _of_run(platform, run, terminal)
        else:
            _of_runs(platform, limit, terminal)


def _of_client(platform: PlatformReader, client: str, limit: int, terminal: Terminal) -> None:
    from reconciler.render.text.history import client_history_table

    entries = platform.client_history(client, limit=limit)
    if chosen().format == "json":
        terminal.write_json_lines(map(history_json, entries))
    else:
        terminal.write_lines(client_history_table(entries, terminal.rows))


def of_package(platform: PlatformReader, package: str, limit: int, terminal: Terminal) -> None:
    """Print what was done to one package."""
    from reconciler.engine.history import history_of_package
    from reconciler.render.text.history import package_history_table

    entries = history_of_package(platform, package, limit)
    if chosen().format == "json":
        terminal.write_json_lines(package_history_json(*each) for each in entries)
    else:
        terminal.write_lines(package_history_table(entries, glossary_of(platform.catalog()), terminal.rows))


def _of_run(platform: PlatformReader, number: int, terminal: Terminal) -> None:
    from reconciler.render.text.runs import run_text

    run, moved = platform.run(number), platform.moved_by(number)
    if chosen().format == "json":
        terminal.write_json(run_json(run))
    else:
        terminal.write(run_text(run, moved, glossary_of(platform.catalog()), terminal.data))


def _of_runs(platform: PlatformReader, limit: int, terminal: Terminal) -> None:
    from reconciler.render.text.runs import run_table

    runs = platform.runs(limit=limit)
    if chosen().format == "json":
        terminal.write_json("".join(map(run_json, runs)))
    elif runs:
        terminal.write_lines(run_table(runs, terminal.rows))
    else:
        terminal.say("Nothing was applied yet.\n")
