"""The commands on packages as the platform has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.commands.history import of_package
from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import glossary_of
from reconciler.cli.parameters import at_option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import package_json

if TYPE_CHECKING:
    from datetime import datetime


@click.command("list")
@global_options
@at_option()
def list_command(at: datetime | None) -> None:
    """List the platform's packages and how many clients hold each.

    Archived packages, and those made by hand that no file has, are among them. As JSON, one object per line.
    """
    from reconciler.engine.packages import offered
    from reconciler.render.text.packages import package_table

    terminal = Terminal.of(chosen())
    with platform_of(chosen()) as platform:
        packages = offered(platform, at or now())
    if chosen().format == "json":
        terminal.write_json_lines(map(package_json, packages))
    else:
        terminal.write_lines(package_table(packages, terminal.rows))


@click.command("show")
@global_options
@at_option()
@click.argument("package", metavar="PACKAGE", shell_complete=completed_by("packages"))
def show_command(package: str, at: datetime | None) -> None:
    """Show what one package grants, and which revisions are held.

    PACKAGE is its key.
    """
    from reconciler.engine.packages import one_offered
    from reconciler.render.text.packages import package_text

    terminal = Terminal.of(chosen())
    with platform_of(chosen()) as platform:
        require_package(chosen(), platform, package)
        found = one_offered(platform, package, at or now())
        if chosen().format == "json":
            terminal.write_json(package_json(found))
            return
        terminal.write(package_text(found, glossary_of(platform.catalog()), terminal.data))


@click.command("history")
@global_options
@option("--limit", type=click.IntRange(1, 10_000), default=50, help="At most so many; else 50.")
@click.argument("package", metavar="PACKAGE", shell_complete=completed_by("packages"))
def history_command(package: str, limit: int) -> None:
    """Say who changed one package, when and why.

    The same as `history --package PACKAGE`.
    """
    with platform_of(chosen()) as platform:
        of_package(platform, package, limit, Terminal.of(chosen()))
