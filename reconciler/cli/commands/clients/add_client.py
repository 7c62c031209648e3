"""`clients add`: one new client."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import write_client
from reconciler.cli.parameters import instant
from reconciler.cli.process import now
from reconciler.model.clients import ClientLine


@click.command("add")
@global_options
@option("--name", required=True, help="The company's name.")
@option("--owner-email", required=True, metavar="EMAIL", help="What a package's allowed e-mails speak of.")
@option(
    "--package",
    required=True,
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="The package to assign.",
)
@option("--users", type=click.IntRange(0, 2**53 - 1), help="Team members now.")
@option("--assigned-at", type=instant, metavar="INSTANT", help="When expiry starts to count; else now.")
@reason_option()
@actor_option()
@click.argument("client_id", metavar="CLIENT")
def add_command(client_id: str, reason: str, actor: str | None, **stated: Any) -> None:
    """Add one client with its package.

    CLIENT is its id. The client gets a snapshot of the package's current revision.
    """
    line = ClientLine(id=client_id, line=1, **stated)
    choices = chosen()
    with platform_of(choices) as platform:
        require_package(choices, platform, stated["package"])
        write_client(platform.add_client(line, now(), by=author(actor, reason)))
