"""`clients update`: change what is known of a client beside what it holds."""

from __future__ import annotations

from typing import Any, get_args

import click

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import write_client
from reconciler.cli.process import now
from reconciler.errors import WrongUsageError
from reconciler.model.clients import ClientStatus, ClientUpdate


@click.command("update")
@global_options
@option("--name", help="The company's name.")
@option("--owner-email", metavar="EMAIL", help="What a package's allowed e-mails speak of.")
@option("--status", type=click.Choice(get_args(ClientStatus)), help="Only an active client may use anything.")
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
def update_command(client_id: str, reason: str, actor: str | None, **stated: Any) -> None:
    """Change a client's name, its owner's address or its status.

    What is not stated is kept. The event that records it names what changed, and keeps no name or address.
    """
    if not any(stated.values()):
        raise WrongUsageError("What is to change?", hint="Give --name, --owner-email or --status.")
    update = ClientUpdate(client_id, **stated)
    with platform_of(chosen()) as platform:
        write_client(platform.update_client(update, now(), by=author(actor, reason)))
