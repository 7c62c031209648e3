"""`tokens`: who may use a served platform."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

_HERE: Final = "reconciler.cli.commands.tokens"
COMMANDS: Final = {
    "create": Listed(f"{_HERE}.commands:create_command", "Make a token named NAME and print it, once."),
    "list": Listed(
        f"{_HERE}.commands:list_command", "List tokens, oldest first, revoked and expired ones included."
    ),
    "rotate": Listed(
        f"{_HERE}.commands:rotate_command",
        "Make a new token in place of that with this ID and print it, once.",
    ),
    "revoke": Listed(
        f"{_HERE}.commands:revoke_command",
        "End the token with this ID at once, on every server of the platform.",
    ),
}


@click.group("tokens", cls=LazyGroup, listed=COMMANDS)
@global_options
def tokens_group() -> None:
    """Make, list and end the tokens that `serve` lets in. Works on the platform's database itself."""
