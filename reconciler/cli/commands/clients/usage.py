"""`clients usage`: what clients use of what they are allowed, and what a moderate allowance would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import platform_of, require_package
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.output import glossary_of
from reconciler.cli.parameters import at_option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import near_json, usage_json

if TYPE_CHECKING:
    from datetime import datetime


@click.command("usage")
@global_options
@option(
    "--near",
    type=click.IntRange(1, 100),
    metavar="PERCENT",
    help="Name instead who has used so much of an allowance, or more: 80, say.",
)
@at_option()
@click.argument("package", required=False, shell_complete=completed_by("packages"))
def usage_command(package: str | None, at: datetime | None, near: int | None) -> None:
    """Compare use with allowances, and suggest moderate ones.

    For PACKAGE, or for every package that somebody holds. Use is that of the current cycle so far; users are
    team members now. The advice covers 95 % of those who use an allowance at all, with 20 % room.

    As JSON, one object per package and line.
    """
    from reconciler.engine.usage_advice import near_their_caps, usage_advice
    from reconciler.render.text.usage import near_table, usage_lines

    choices = chosen()
    terminal = Terminal.of(choices)
    with platform_of(choices) as platform:
        if package is not None:
            require_package(choices, platform, package)
        glossary = glossary_of(platform.catalog())
        if near is not None:
            found = near_their_caps(platform, package, near, at or now())
            if choices.format == "json":
                terminal.write_json_lines(map(near_json, found))
            else:
                terminal.write_lines(near_table(found, glossary, terminal.rows))
            return
        packages = usage_advice(platform, package, at or now())
        if choices.format == "json":
            terminal.write_json_lines(map(usage_json, packages))
            return
        terminal.write_lines(line for each in packages for line in usage_lines(each, glossary, terminal.data))
