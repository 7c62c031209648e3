"""`clients`: see, add, import, assign and reassign clients, and grant them more."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

_HERE: Final = "reconciler.cli.commands.clients"
COMMANDS: Final = {
    "list": Listed(f"{_HERE}.list_clients:list_command", "List clients and what they hold."),
    "show": Listed(f"{_HERE}.show_client:show_command", "Show what one client may use, and from where."),
    "add": Listed(f"{_HERE}.add_client:add_command", "Add one client with its package."),
    "update": Listed(
        f"{_HERE}.update_client:update_command",
        "Change a client's name, its owner's address or its status.",
    ),
    "forget": Listed(f"{_HERE}.forget_client:forget_command", "Erase a client, and say what still names it."),
    "import": Listed(f"{_HERE}.import_clients:import_command", "Add or update clients from a file."),
    "assign": Listed(f"{_HERE}.assign_client:assign_command", "Give a client a package by hand."),
    "reassign": Listed(
        f"{_HERE}.reassign_clients:reassign_command",
        "Move clients to the current revision of the package that they hold, or of another one.",
    ),
    "grant": Listed(
        f"{_HERE}.grant_client:grant_command", "Grant one client more than its package gives it."
    ),
    "revoke": Listed(f"{_HERE}.revoke_grant:revoke_command", "Take back what a client was granted."),
    "extend": Listed(f"{_HERE}.extend_client:extend_command", "Let a client's subscription end later."),
    "usage": Listed(
        f"{_HERE}.usage:usage_command", "Compare use with allowances, and suggest moderate ones."
    ),
}


@click.group("clients", cls=LazyGroup, listed=COMMANDS)
@global_options
def clients_group() -> None:
    """See, add, import, assign and reassign clients, and grant them more."""
