"""`history`: the runs that a platform recorded."""

from __future__ import annotations

import click

from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.terminal import Terminal
from reconciler.render.json import run_json
from reconciler.render.text.runs import run_table, run_text


@click.command("history")
@global_options
@option("--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many runs; else 50.")
@click.argument("run", required=False, type=click.IntRange(1, 2**53))
def history_command(run: int | None, limit: int) -> None:
    """List the runs, or show one.

    RUN is the number of a run; without it the latest are listed, newest first.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        runs = (platform.run(run),) if run is not None else platform.runs(limit=limit)
        moved = platform.moved_by(run) if run is not None else ()
    if choices.format == "json":
        terminal.write_json("".join(map(run_json, runs)))
    elif run is not None:
        terminal.write(run_text(runs[0], moved, terminal.data))
    elif runs:
        terminal.write_lines(run_table(runs, terminal.rows))
    else:
        terminal.say("Nothing was applied yet.\n")
