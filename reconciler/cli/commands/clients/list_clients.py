"""`clients list`: clients as they stream from the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.parameters import at_option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import client_json
from reconciler.render.text.client import client_table

if TYPE_CHECKING:
    from datetime import datetime


@click.command("list")
@global_options
@option("--package", metavar="KEY", help="Only clients who hold this package.")
@option("--outdated", is_flag=True, help="Only clients whom the package would give something else now.")
@at_option()
def list_command(package: str | None, at: datetime | None, *, outdated: bool) -> None:
    """List clients and what they hold.

    As JSON, one object per line, as `clients show` gives it.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        if package is not None:
            require_package(choices, platform, package)
        clients = platform.clients(at or now(), package=package, outdated=outdated)
        if choices.format == "json":
            terminal.write_json_lines(map(client_json, clients))
        else:
            terminal.write_lines(client_table(clients, terminal.rows))
