"""`events`: what was written, by whom and why."""

from typing import Final

import click

from reconciler.cli.lazy_group import LazyGroup, Listed
from reconciler.cli.options import global_options

_HERE: Final = "reconciler.cli.commands.events.commands"
COMMANDS: Final = {
    "list": Listed(f"{_HERE}:list_command", "List the latest events."),
    "export": Listed(f"{_HERE}:export_command", "Write every event as a line of JSON, oldest first."),
    "verify": Listed(f"{_HERE}:verify_command", "Check that no event was altered."),
}


@click.group("events", cls=LazyGroup, listed=COMMANDS)
@global_options
def events_group() -> None:
    """Say what was written by hand, by imports and by runs, by whom and why."""
