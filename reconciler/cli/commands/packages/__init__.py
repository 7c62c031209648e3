"""`packages`: what the platform has, and who changed it."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

_HERE: Final = "reconciler.cli.commands.packages.commands"
COMMANDS: Final = {
    "list": Listed(f"{_HERE}:list_command", "List the platform's packages and how many clients hold each."),
    "show": Listed(f"{_HERE}:show_command", "Show what one package grants, and which revisions are held."),
    "history": Listed(f"{_HERE}:history_command", "Say who changed one package, when and why."),
}


@click.group("packages", cls=LazyGroup, listed=COMMANDS)
@global_options
def packages_group() -> None:
    """See the platform's packages, and who changed them."""
