"""`clients revoke`: take back what a client was granted."""

from __future__ import annotations

import click

from reconciler.cli.applying import actor_option, author, reason_option, yes_option
from reconciler.cli.commands.clients.adjusting import adjust
from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, completed_by, global_options
from reconciler.model.grants import Revoking


@click.command("revoke")
@global_options
@yes_option()
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
@click.argument("grant", metavar="GRANT", shell_complete=completed_by("grants"))
def revoke_command(client_id: str, grant: str, reason: str, actor: str | None, *, yes: bool) -> None:
    """Take back what a client was granted.

    GRANT is its id, as `clients show` lists it. You are shown what the client loses (and uses of it), and
    asked.
    """
    with platform_of(chosen()) as platform:
        adjust(platform, client_id, Revoking(grant), author(actor, reason), yes=yes)
