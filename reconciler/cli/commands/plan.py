"""`plan`: what an apply would change, and which clients it touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import next_step, out_option
from reconciler.cli.exit_codes import BLOCKED, CHANGES, DONE
from reconciler.cli.opening import earlier_of, read_from, workspace_of
from reconciler.cli.options import all_option, chosen, offering, option
from reconciler.cli.output import PLAN_FORMATS, Telling, for_readers, plan_message, write_plan_as
from reconciler.cli.parameters import allow_option, no_clients_option
from reconciler.cli.process import now
from reconciler.cli.progress import working
from reconciler.cli.streams import is_standard_output
from reconciler.cli.terminal import Terminal
from reconciler.cli.verbose import tell_plan
from reconciler.errors import WrongUsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plans import Plan


@click.command("plan")
@offering(*PLAN_FORMATS)
@out_option()
@allow_option()
@no_clients_option()
@all_option()
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there is something to change.")
@option("--show-emails", is_flag=True, help="Show e-mail addresses in full; else all but the first letter.")
def plan_command(
    out: Path | None, allow: tuple[str, ...], *, no_clients: bool, detailed_exitcode: bool, show_emails: bool
) -> int:
    """Show what would change and which clients it touches.

    Nothing is written to the platform. Exits with 4 where a guard blocks the plan. Where standard output
    takes the plan file, what people read goes to standard error.
    """
    from reconciler.engine.plan import PlanRequest, environment_of, plan
    from reconciler.sources.plan_file import plan_bytes, write_plan

    choices = chosen()
    is_piped = out is not None and is_standard_output(out)
    if is_piped and choices.format != "text":
        raise WrongUsageError(
            f"Standard output cannot take both the plan file and --format {choices.format}.",
            hint="Name a file with --out; `reconciler show FILE` prints it in every format.",
        )
    terminal = Terminal.of(choices)
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    with (
        read_from(environment, workspace.root) as (platform, notices),
        earlier_of(workspace, environment) as earlier,
        working("Comparing files, platform and clients", terminal),
    ):
        request = PlanRequest(now(), allow, show_emails, earlier=earlier, notices=notices)
        made = tell_plan(plan(workspace, environment, platform, request))
    no_clients = no_clients or not environment.show_clients
    saved = made.without_clients() if no_clients else made
    if is_piped:
        terminal.write_json(plan_bytes(saved).decode())
        told = for_readers(made, "text", terminal.messages, no_clients=no_clients)
        step = next_step(made, None, allow)
        terminal.say(plan_message(told, terminal, next_step=step))
    else:
        if out is not None:
            write_plan(out, saved)
        step = next_step(made, out, allow)
        told = for_readers(made, choices.format, terminal.rows, no_clients=no_clients)
        write_plan_as(choices.format, told, workspace, terminal, Telling(next_step=step))
    return _exit_code(made, is_detailed=detailed_exitcode)


def _exit_code(plan: Plan, *, is_detailed: bool) -> int:
    if plan.blocked:
        return BLOCKED
    return CHANGES if is_detailed and not plan.is_empty else DONE
