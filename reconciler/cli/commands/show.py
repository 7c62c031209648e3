"""`show`: a saved plan, as `plan` printed it."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import all_option, chosen, offering
from reconciler.cli.output import PLAN_FORMATS, for_readers, write_plan_as
from reconciler.cli.parameters import no_clients_option
from reconciler.cli.terminal import Terminal


@click.command("show")
@offering(*PLAN_FORMATS)
@no_clients_option()
@all_option()
@click.argument("planfile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def show_command(planfile: Path, *, no_clients: bool) -> None:
    """Print a saved plan.

    Only PLANFILE is read: it says what `plan` said when it was made.
    """
    from reconciler.sources.plan_file import read_plan

    choices = chosen()
    terminal = Terminal.of(choices)
    told = for_readers(read_plan(planfile), choices.format, terminal.rows, no_clients=no_clients)
    write_plan_as(choices.format, told, None, terminal)
