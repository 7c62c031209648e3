"""`drift`: what differs between the files and the platform, and who changed it."""

from __future__ import annotations

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import earlier_of, read_from, workspace_of
from reconciler.cli.options import all_option, chosen, offering, option
from reconciler.cli.output import PLAN_FORMATS, Telling, for_readers, write_plan_as
from reconciler.cli.parameters import no_clients_option
from reconciler.cli.process import now
from reconciler.cli.progress import working
from reconciler.cli.terminal import Terminal
from reconciler.cli.verbose import tell_plan


@click.command("drift")
@offering(*PLAN_FORMATS)
@option(
    "--clients",
    is_flag=True,
    help="Outdated clients are drift as well: whom their package would give something else now.",
)
@no_clients_option()
@all_option()
def drift_command(*, clients: bool, no_clients: bool) -> int:
    """Say what differs, and which side changed it.

    Whoever edited the platform by hand since the last apply is told from what the files changed. Exits with
    2 where anything differs, and with 0 where nothing does. Nothing is written.
    """
    from reconciler.engine.plan import PlanRequest, environment_of, plan

    choices = chosen()
    terminal = Terminal.of(choices)
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    with (
        read_from(environment, workspace.root) as (platform, notices),
        earlier_of(workspace, environment) as earlier,
        working("Comparing", terminal),
    ):
        request = PlanRequest(now(), earlier=earlier, is_due=True, notices=notices)
        made = tell_plan(plan(workspace, environment, platform, request))
    no_clients = no_clients or not environment.show_clients
    told = for_readers(made, choices.format, terminal.rows, no_clients=no_clients)
    write_plan_as(choices.format, told, workspace, terminal, Telling(is_drift=True))
    has_drift = not made.is_empty or (clients and bool(made.outdated))
    return CHANGES if has_drift else DONE
