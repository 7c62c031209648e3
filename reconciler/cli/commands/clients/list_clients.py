"""`clients list`: clients as they stream from the platform."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.exit_codes import CHANGES, DONE
from reconciler.cli.opening import opened, reader_of, require_package, workspace_of
from reconciler.cli.options import chosen, completed_by, offering, option
from reconciler.cli.parameters import at_option, span
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.model.clients import ClientFilter
from reconciler.model.expiry import LATEST
from reconciler.render.json import clients_json
from reconciler.render.text.client import client_csv, client_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.clients import Client
    from reconciler.model.expiry import Expiry
    from reconciler.render.text.client import Since


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
@offering("csv")
@option(
    "--package",
    metavar="KEY",
    shell_complete=completed_by("packages"),
    help="Only clients who hold this package.",
)
@option(
    "--holds",
    metavar="KEY",
    shell_complete=completed_by("terms"),
    help="Only clients whose snapshot grants this feature, limit or cap.",
)
@option(
    "--uses",
    metavar="KEY",
    shell_complete=completed_by("terms"),
    help="Only clients who have used this feature, limit or cap in this cycle.",
)
@option(
    "--status", type=click.Choice(["active", "disabled", "archived"]), help="Only clients of this status."
)
@option("--granted", is_flag=True, help="Only clients who have a grant that has not ended.")
@option("--outdated", is_flag=True, help="Only clients whom the package would give something else now.")
@option(
    "--expiring",
    type=span,
    metavar="SPAN",
    help="Only clients whose subscription ends within 7d, 2w, 1m or 1y, soonest first.",
)
@option(
    "--touched",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="PLANFILE",
    help="Only clients who keep, lose or gain anything by this saved plan, or move.",
)
@at_option()
def list_command(
    package: str | None,
    at: datetime | None,
    touched: Path | None,
    expiring: Expiry | None,
    *,
    outdated: bool,
    **only: Any,
) -> int:
    """List clients and what they hold.

    Of several conditions, all must hold. With --outdated it says since when. As JSON, one object per line, as
    `clients show` gives it; as CSV, a table that spreadsheets open. With --expiring the exit code is 2 where
    there are any, so that a schedule can remind you.
    """
    at = at or now()
    with _asked(touched, at) as (platform, ids):
        if package is not None:
            require_package(chosen(), platform, package)
        asked = ClientFilter(**only)
        found = platform.clients(at, package=package, outdated=outdated, only=asked)
        if expiring is not None:
            found = _expiring(platform, at, expiring, frozenset(each.id for each in found))
        clients = Counted(found if ids is None else (each for each in found if each.id in ids))
        _write(clients, _since(platform, at) if outdated else None)
    return CHANGES if expiring is not None and clients.count else DONE


def _expiring(
    platform: PlatformReader, at: datetime, within: Expiry, ids: frozenset[str]
) -> Iterator[Client]:
    """Yield those of these clients whose subscription ends within a span, soonest first."""
    return (each for each in platform.expiring(at, within.after(at) or LATEST) if each.id in ids)


@contextmanager
def _asked(touched: Path | None, at: datetime) -> Iterator[tuple[PlatformReader, frozenset[str] | None]]:
    """Open the platform, and make the saved plan again where one is named."""
    if touched is None:
        with reader_of(chosen()) as platform:
            yield platform, None
        return
    from reconciler.engine.plan import environment_of
    from reconciler.engine.touched import touched_by
    from reconciler.sources.plan_file import read_plan

    workspace, plan = workspace_of(chosen()).required(), read_plan(touched)
    environment = environment_of(workspace.settings, chosen().environment or plan.environment)
    with opened(workspace, environment) as platform:
        yield platform, touched_by(workspace, environment, platform, plan, at)


def _since(platform: PlatformReader, at: datetime) -> Since:
    return {(each.package, each.revision): each.since for each in platform.outdated(at)}


def _write(clients: Iterable[Client], since: Since | None) -> None:
    terminal = Terminal.of(chosen())
    match chosen().format:
        case "json":
            terminal.write_json_lines(clients_json(clients))
        case "csv":
            terminal.write_lines(client_csv(clients, since))
        case _:
            terminal.write_lines(client_table(clients, terminal.rows, since))
