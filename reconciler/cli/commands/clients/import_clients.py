"""`clients import`: many clients at once, all or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.process import now
from reconciler.cli.progress import counted
from reconciler.cli.terminal import Terminal
from reconciler.render.json import import_json
from reconciler.render.text.runs import import_text

if TYPE_CHECKING:
    from reconciler.model.clients import ImportReport


@click.command("import")
@global_options
@click.argument("file", type=click.File("rb"))
def import_command(file: BinaryIO) -> None:
    """Add or update clients from a file.

    FILE has one JSON object per line; `-` is standard input. What a line does not state is kept. Every bad
    line is reported with its number, and then nothing is imported.
    """
    from reconciler.sources.client_lines import read_client_lines

    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        lines = counted(read_client_lines(file), "lines read", terminal)
        report: ImportReport = platform.import_clients(lines, now())
    if choices.format == "json":
        terminal.write_json(import_json(report))
    else:
        terminal.write(import_text(report, terminal.data))
