"""`platform`: creating and migrating a platform's tables, moving and checking it, telling copies apart."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

COMMANDS: Final = {
    "migrate": Listed(
        "reconciler.cli.commands.platform.migrate_platform:migrate_command",
        "Create the tables of a platform's database, or bring them to the form of this version.",
    ),
    "copy": Listed(
        "reconciler.cli.commands.platform.copy_platform:copy_command",
        "Copy the platform of one environment into the new database of another.",
    ),
    "check": Listed(
        "reconciler.cli.commands.platform.check_platform:check_command",
        "Check that a platform keeps what it claims, by a hundred empty ones of it.",
    ),
    "adopt": Listed(
        "reconciler.cli.commands.platform.adopt_platform:adopt_command",
        "Give a copy that was restored elsewhere a lineage of its own.",
    ),
}


@click.group("platform", cls=LazyGroup, listed=COMMANDS)
@global_options
def platform_group() -> None:
    """Create or migrate a platform's tables; move it to another database; check it; tell copies apart."""
