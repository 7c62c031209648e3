"""`rollback`: a new plan, back to the state before a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import Applying, actor_option, out_option, reason_option, yes_option
from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.parameters import allow_option, no_clients_option
from reconciler.cli.process import actor as present_actor
from reconciler.cli.process import now

if TYPE_CHECKING:
    from pathlib import Path


@click.command("rollback")
@global_options
@out_option()
@yes_option()
@allow_option()
@no_clients_option()
@actor_option()
@reason_option()
@click.argument("run", type=click.IntRange(min=1))
def rollback_command(  # noqa: PLR0913 - one parameter per option
    run: int,
    out: Path | None,
    actor: str | None,
    reason: str,
    allow: tuple[str, ...],
    *,
    no_clients: bool,
    yes: bool,
) -> int:
    """Plan back to the state before a run.

    The plan is shown and applied like any other, and the same guards hold. Packages get their former contents
    as new revisions, the catalog the terms that the run changed, and clients whom the run reassigned return
    to what they held, ended subscriptions included. The plan says what cannot be undone.
    """
    from reconciler.engine.apply import ApplyRequest
    from reconciler.engine.plan import environment_of
    from reconciler.model.plans import RunUndone

    choices = chosen()
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    request = ApplyRequest(
        at=now(),
        actor=actor or present_actor(),
        allow=allow,
        no_clients=no_clients,
        reason=reason,
    )
    with opened(workspace, environment) as platform:
        applying = Applying(workspace, environment, platform, request, yes, ("rollback", str(run)))
        return applying.planned(RunUndone(run), out)
