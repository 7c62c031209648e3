"""`apply`: make the platform what the files say, or exactly what a saved plan says."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from reconciler.cli.applying import Applying, actor_option, reason_option, yes_option
from reconciler.cli.opening import earlier_of, opened, workspace_of
from reconciler.cli.options import all_option, chosen, global_options, option
from reconciler.cli.parameters import allow_option, no_clients_option
from reconciler.cli.process import actor as present_actor
from reconciler.cli.process import now


@click.command("apply")
@global_options
@yes_option()
@allow_option()
@option("--skip-blocked", is_flag=True, help="Apply the rest where guards block some packages; exits with 4.")
@no_clients_option()
@all_option()
@actor_option()
@reason_option()
@click.argument("planfile", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def apply_command(  # noqa: PLR0913 - one parameter per option
    planfile: Path | None,
    actor: str | None,
    reason: str,
    allow: tuple[str, ...],
    *,
    no_clients: bool,
    yes: bool,
    skip_blocked: bool,
) -> int:
    """Make the platform what the files say.

    Without PLANFILE it plans, shows the plan and asks. With it, what was reviewed is planned again and
    applied, once, and only where it is the same and takes no more than that from clients; nothing is asked.
    Guards are judged anew, so that waivers must be given anew.
    """
    from reconciler.engine.apply import ApplyRequest
    from reconciler.engine.plan import environment_of
    from reconciler.model.plans import FILES_APPLIED
    from reconciler.sources.plan_file import read_plan

    choices = chosen()
    workspace = workspace_of(choices).required()
    reviewed = read_plan(planfile) if planfile is not None else None
    name = choices.environment or (reviewed.environment if reviewed is not None else None)
    environment = environment_of(workspace.settings, name)
    request = ApplyRequest(
        at=now(),
        actor=actor or present_actor(),
        allow=allow,
        skip_blocked=skip_blocked,
        no_clients=no_clients,
        reason=reason,
    )
    with (
        opened(workspace, environment) as platform,
        earlier_of(workspace, environment) as earlier,
    ):
        request = replace(request, earlier=earlier)
        skipping = ("--skip-blocked",) if skip_blocked else ()
        applying = Applying(workspace, environment, platform, request, yes, ("apply", *skipping))
        return applying.planned(FILES_APPLIED) if reviewed is None else applying.reviewed(reviewed)
