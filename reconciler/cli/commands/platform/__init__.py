"""`platform`: moving a platform to another database."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

COMMANDS: Final = {
    "copy": Listed(
        "reconciler.cli.commands.platform.copy_platform:copy_command",
        "Copy the platform of one environment into the new database of another.",
    ),
}


@click.group("platform", cls=LazyGroup, listed=COMMANDS)
@global_options
def platform_group() -> None:
    """Move a platform to another database."""
