"""`clients reassign`: move clients to the current revision of the package that they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import (
    Applying,
    actor_option,
    out_option,
    reason_option,
    require_one,
    yes_option,
)
from reconciler.cli.opening import opened, workspace_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.parameters import allow_option, no_clients_option
from reconciler.cli.process import actor as present_actor
from reconciler.cli.process import now
from reconciler.errors import WrongUsageError

if TYPE_CHECKING:
    from pathlib import Path


@click.command("reassign")
@global_options
@option(
    "--package",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="The package that they hold; may be left out for one client.",
)
@option("--all", "all_", is_flag=True, help="Everybody who holds an older revision of --package.")
@out_option()
@yes_option()
@allow_option()
@no_clients_option()
@actor_option()
@reason_option()
@click.argument("clients", nargs=-1, metavar="[CLIENT]...", shell_complete=completed_by("clients"))
def reassign_command(  # noqa: PLR0913 - one parameter per option
    clients: tuple[str, ...],
    package: str | None,
    out: Path | None,
    actor: str | None,
    allow: tuple[str, ...],
    *,
    reason: str,
    all_: bool,
    no_clients: bool,
    yes: bool,
) -> int:
    """Move clients to the current revision of the package that they hold.

    They keep their start and what they have used. It goes through a plan with the same guards as any other:
    what they lose needs an acknowledgement in the package's file.
    """
    from reconciler.engine.apply import ApplyRequest
    from reconciler.engine.plan import environment_of
    from reconciler.model.plans import ClientsReassigned

    require_one(out, yes=yes)
    choices = chosen()
    if bool(clients) == all_ or (all_ and package is None):
        raise WrongUsageError("Whom to reassign?", hint="Name clients, or give --all and --package KEY.")
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    at = now()
    with opened(workspace, environment) as platform:
        held = package or platform.client(clients[0], at).subscription.package
        aim = ClientsReassigned(held, None if all_ else clients)
        actor = actor or present_actor()
        request = ApplyRequest(at=at, actor=actor, allow=allow, no_clients=no_clients, reason=reason)
        whom = ("--all", "--package", held) if all_ else (*clients, "--package", held)
        applying = Applying(workspace, environment, platform, request, yes, ("clients", "reassign", *whom))
        return applying.planned(aim, out)
