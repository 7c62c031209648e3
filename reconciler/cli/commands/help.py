"""`help`: what a command does and takes."""

from __future__ import annotations

import click

from reconciler.cli.options import completed_by, global_options


@click.command("help")
@global_options
@click.argument("command", nargs=-1, shell_complete=completed_by("commands"))
@click.pass_context
def help_command(context: click.Context, command: tuple[str, ...]) -> None:
    """Say what a command does and takes.

    It is what `COMMAND --help` says; without a command, which ones there are.
    """
    above = context.find_root()
    for name in command:
        if not isinstance(above.command, click.Group):
            raise click.UsageError(f"`{above.command_path}` has no commands of its own.", above)
        _, found, _ = above.command.resolve_command(above, [name])
        if found is not None:
            above = click.Context(found, parent=above, info_name=name, **found.context_settings)
    click.echo(above.get_help())
