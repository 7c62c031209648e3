"""`clients list`: clients as they stream from the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.parameters import at_option, span
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.model.expiry import LATEST
from reconciler.render.json import client_json
from reconciler.render.text.client import client_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.model.clients import Client
    from reconciler.model.expiry import Expiry


class Counted:
    """Clients as they come, and how many came."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self.count = 0
        self._clients = clients

    def __iter__(self) -> Iterator[Client]:
        for client in self._clients:
            self.count += 1
            yield client


@click.command("list")
@global_options
@option(
    "--package",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="Only clients who hold this package.",
)
@option("--outdated", is_flag=True, help="Only clients whom the package would give something else now.")
@option(
    "--expiring",
    type=span,
    metavar="SPAN",
    help="Only clients whose subscription ends within 7d, 2w, 1m or 1y, soonest first.",
)
@at_option()
def list_command(package: str | None, expiring: Expiry | None, at: datetime | None, *, outdated: bool) -> int:
    """List clients and what they hold.

    As JSON, one object per line, as `clients show` gives it. With --expiring the exit code is 2 where there
    are any, so that a schedule can remind you.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    at = at or now()
    with platform_of(choices) as platform:
        if package is not None:
            require_package(choices, platform, package)
        if expiring is None:
            clients = Counted(platform.clients(at, package=package, outdated=outdated))
        else:
            ending = platform.expiring(at, expiring.after(at) or LATEST)
            clients = Counted(each for each in ending if package in {None, each.subscription.package})
        if choices.format == "json":
            terminal.write_json_lines(map(client_json, clients))
        else:
            terminal.write_lines(client_table(clients, terminal.rows))
    return CHANGES if expiring is not None and clients.count else DONE
