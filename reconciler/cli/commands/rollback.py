"""`rollback`: a new plan, back to the state before a run, or before what was done by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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
from reconciler.cli.options import all_option, chosen, completed_by, global_options
from reconciler.cli.parameters import allow_option, no_clients_option, number_of_run
from reconciler.cli.process import actor as present_actor
from reconciler.cli.process import now

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model.plans import EventUndone, RunUndone

_EVENT: Final = re.compile(r"event:([0-9a-z]{1,64})")


def undone(text: str) -> RunUndone | EventUndone:
    """Read what is rolled back; a bare number is a run."""
    from reconciler.model.plans import EventUndone, RunUndone

    run, event = number_of_run(text), _EVENT.fullmatch(text)
    if run is not None:
        return RunUndone(run)
    if event:
        return EventUndone(event[1])
    raise click.BadParameter(f"{text!r} names no run and no event; write 5, run:5 or event:ID.")


@click.command("rollback")
@global_options
@out_option()
@yes_option()
@allow_option()
@no_clients_option()
@all_option()
@actor_option()
@reason_option()
@click.argument("what", metavar="RUN|event:ID", type=undone, shell_complete=completed_by("undoables"))
def rollback_command(  # noqa: PLR0913 - one parameter per option
    what: RunUndone | EventUndone,
    out: Path | None,
    actor: str | None,
    allow: tuple[str, ...],
    *,
    reason: str,
    no_clients: bool,
    yes: bool,
) -> int:
    """Plan back to before a run, or to before what a hand did.

    A run is its number, or run:NUMBER; `history --client` and `events list` name events, of which
    assignments, imports, grants, extensions and edits can be taken back. The plan is shown and applied like
    any other, and the same guards hold. Packages get their former contents as new revisions, the catalog the
    terms that the run changed, and clients who were moved return to what they held, ended subscriptions
    included. The plan says what cannot be undone.
    """
    from reconciler.engine.apply import ApplyRequest
    from reconciler.engine.plan import environment_of
    from reconciler.model.plans import RunUndone

    require_one(out, yes=yes)
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
    typed = str(what.run) if isinstance(what, RunUndone) else f"event:{what.event}"
    with opened(workspace, environment) as platform:
        applying = Applying(workspace, environment, platform, request, yes, ("rollback", typed))
        return applying.planned(what, out)
