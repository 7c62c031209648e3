"""`clients reassign`: move clients to the current revision of the package that they hold, or of another."""

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

    from reconciler.model.plans import ClientsMoved, ClientsReassigned


@click.command("reassign")
@global_options
@option(
    "--package",
    "--from",
    "package",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="The package that they hold; may be left out for one client.",
)
@option(
    "--to",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="Another package, which they hold then.",
)
@option("--keep-term", is_flag=True, help="With --to: their start, extension and usage stay.")
@option("--new-term", is_flag=True, help="With --to: a new term and a new cycle begin.")
@option(
    "--all",
    "all_",
    of="reassign",
    is_flag=True,
    help="Everybody who holds an older revision of --package; with --to, everybody who holds it.",
)
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
    to: str | None,
    out: Path | None,
    *,
    actor: str | None,
    allow: tuple[str, ...],
    reason: str,
    all_: bool,
    keep_term: bool,
    new_term: bool,
    no_clients: bool,
    yes: bool,
) -> int:
    """Move clients to the current revision of the package that they hold, or of another one.

    It goes through a plan with the same guards as any other. Within a package they keep their start and what
    they have used, and what they lose needs an acknowledgement in the package's file. --to moves them to
    another package, which no file states: that needs a --reason, and one of --keep-term and --new-term.
    `rollback RUN` takes them back.
    """
    from reconciler.engine.apply import ApplyRequest
    from reconciler.engine.plan import environment_of

    require_one(out, yes=yes)
    choices = chosen()
    if bool(clients) == all_ or (all_ and package is None):
        raise WrongUsageError("Whom to reassign?", hint="Name clients, or give --all and --package KEY.")
    _require_stated(to, reason, terms=keep_term + new_term)
    workspace = workspace_of(choices).required()
    environment = environment_of(workspace.settings, choices.environment)
    at = now()
    with opened(workspace, environment) as platform:
        held = package or platform.client(clients[0], at).subscription.package
        aim = _aim(held, to, None if all_ else clients, keeps_term=keep_term)
        actor = actor or present_actor()
        request = ApplyRequest(at=at, actor=actor, allow=allow, no_clients=no_clients, reason=reason)
        typed = ("clients", "reassign", *_typed(aim))
        return Applying(workspace, environment, platform, request, yes, typed).planned(aim, out)


def _require_stated(to: str | None, reason: str, *, terms: int) -> None:
    if to is None and terms:
        raise WrongUsageError(
            "--keep-term and --new-term are of a move to another package.", hint="Name it with --to KEY."
        )
    if to is not None and terms != 1:
        raise WrongUsageError(
            "Does their term go on, or does it start anew?", hint="Give either --keep-term or --new-term."
        )
    if to is not None and not reason:
        raise WrongUsageError(
            "A move between packages is stated in no file, and needs a reason.", hint="Say why with --reason."
        )


def _aim(
    held: str, to: str | None, clients: tuple[str, ...] | None, *, keeps_term: bool
) -> ClientsReassigned | ClientsMoved:
    from reconciler.model.plans import ClientsMoved, ClientsReassigned

    if to is None:
        return ClientsReassigned(held, clients)
    return ClientsMoved(held, to, keeps_term, None if clients is None else tuple(sorted({*clients})))


def _typed(aim: ClientsReassigned | ClientsMoved) -> tuple[str, ...]:
    """Return the words that ask for the same, to be typed again."""
    from reconciler.model.plans import ClientsMoved

    whom = ("--all",) if aim.clients is None else aim.clients
    if not isinstance(aim, ClientsMoved):
        return (*whom, "--package", aim.package)
    term = "--keep-term" if aim.keeps_term else "--new-term"
    return (*whom, "--from", aim.package, "--to", aim.to_package, term)
