"""`clients assign`: give a client a package by hand."""

from __future__ import annotations

import click

from reconciler.cli.opening import platform_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.output import write_client
from reconciler.cli.process import now


@click.command("assign")
@global_options
@click.argument("client_id", metavar="CLIENT")
@click.argument("package", metavar="PACKAGE")
def assign_command(client_id: str, package: str) -> None:
    """Give a client a package by hand.

    A new snapshot of the current revision; expiry and the billing cycle begin anew.
    """
    with platform_of(chosen()) as platform:
        write_client(platform.assign(client_id, package, now()))
