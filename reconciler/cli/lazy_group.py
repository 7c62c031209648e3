"""A group whose commands are imported when they run, and listed without being imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class Listed(NamedTuple):
    """A command's place (`module:attribute`) and its line in the list of commands."""

    place: str
    line: str


class LazyGroup(click.Group):
    """A group that knows its commands by place."""

    def __init__(self, *args: Any, listed: Mapping[str, Listed], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of their use, not of the alphabet."""
        return list(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the command."""
        if cmd_name not in self.listed:
            return None
        module, _, name = self.listed[cmd_name].place.partition(":")
        return cast("click.Command", getattr(import_module(module), name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name those that are spelled like it."""
        name = args[0]
        if name not in self.listed and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, self.listed, n=3)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"There is no command {name!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.line) for name, listed in self.listed.items()])
