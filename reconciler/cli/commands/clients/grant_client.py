"""`clients grant`: more for one client than its package gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.commands.clients.adjusting import adjust
from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.parameters import amount, limit_amount, until
from reconciler.errors import WrongUsageError
from reconciler.model.grants import Granting, LimitSet

if TYPE_CHECKING:
    from reconciler.model.grants import Until
    from reconciler.model.quantities import Quantity


@click.command("grant")
@global_options
@option("--add", type=click.IntRange(1, 2**53 - 1), metavar="N", help="So much more, in each cycle.")
@option(
    "--once",
    of="grant",
    is_flag=True,
    help="With --add: a stock, which is used up, instead of more in each cycle.",
)
@option(
    "--set", "set_to", type=amount, metavar="N", help="At least so much, or `unlimited`; more counts if held."
)
@option(
    "--limit",
    "limits",
    of="grant",
    type=limit_amount,
    multiple=True,
    metavar="LIMIT=N",
    help="Of a feature: a limit of it that the package does not state. May be repeated.",
)
@option(
    "--until",
    of="grant",
    required=True,
    type=until,
    metavar="WHEN",
    help="A date, or with what it ends: cycle, subscription (the next assignment by hand), or reassigned.",
)
@yes_option()
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
@click.argument("term", metavar="TERM", shell_complete=completed_by("terms"))
def grant_command(  # noqa: PLR0913, PLR0917 - one parameter per option
    client_id: str,
    term: str,
    add: int | None,
    set_to: Quantity | None,
    limits: tuple[tuple[str, int | Literal["unlimited"]], ...],
    until: Until,
    reason: str,
    actor: str | None,
    *,
    once: bool,
    yes: bool,
) -> None:
    """Grant one client more than its package gives it.

    TERM is a feature, or a limit or cap with --add or --set. It counts beside the package, and only adds: a
    package that gives more wins. While the subscription entitles to nothing, so does the grant.
    """
    if add is not None and set_to is not None:
        raise WrongUsageError("--add and --set are two different grants.", hint="Give one of them.")
    known = tuple(LimitSet(key, most) for key, most in limits)
    asked = Granting(term, until, add, set_to, once=once, limits=known)
    with platform_of(chosen()) as platform:
        adjust(platform, client_id, asked, author(actor, reason), yes=yes)
