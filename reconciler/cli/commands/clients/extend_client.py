"""`clients extend`: let a client's subscription end later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.commands.clients.adjusting import adjust
from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.parameters import instant, span
from reconciler.cli.process import now
from reconciler.errors import WrongUsageError
from reconciler.model.grants import Extending

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import Platform
    from reconciler.model.expiry import Expiry


@click.command("extend")
@global_options
@option("--by", type=span, metavar="SPAN", help="So much later: 7d, 2w, 1m or 1y.")
@option("--until", of="extend", type=instant, metavar="INSTANT", help="Not before this instant.")
@yes_option()
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
def extend_command(  # noqa: PLR0913 - one parameter per option
    client_id: str, by: Expiry | None, until: datetime | None, reason: str, actor: str | None, *, yes: bool
) -> None:
    """Let a client's subscription end later.

    --by counts from its end, or from now where that is over. The later of the extension and the package's own
    expiry counts, also once the client is reassigned; an assignment by hand begins anew.
    """
    if (by is None) == (until is None):
        raise WrongUsageError("How far?", hint="Give one of --by and --until.")
    with platform_of(chosen()) as platform:
        end = _end(platform, client_id, by) if by is not None else until
        if end is not None:
            adjust(platform, client_id, Extending(end), author(actor, reason), yes=yes)


def _end(platform: Platform, client_id: str, by: Expiry) -> datetime:
    at = now()
    ends = platform.client(client_id, at).subscription.expires_at
    end = by.after(at if ends is None else max(ends, at))
    if end is None:
        raise WrongUsageError("That is later than any date.", hint="Give a shorter span.")
    return end
