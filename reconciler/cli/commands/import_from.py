"""`import`: catalog and packages from another tool's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.opening import workspace_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.output import settle
from reconciler.cli.terminal import Terminal
from reconciler.errors import InvalidError

if TYPE_CHECKING:
    from reconciler.engine.import_from import Origin

_ORIGINS: Final = ("autumn", "pricing2yaml", "csv")


@click.command("import")
@global_options
@option("--check", is_flag=True, help="Write nothing; exit with 2 where something would be written.")
@option("--diff", is_flag=True, help="Write nothing; show every line that would be.")
@option("--user-limit", metavar="KEY", help="The limit that says how many team members a client may have.")
@click.argument("origin", type=click.Choice(_ORIGINS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(origin: Origin, file: Path, user_limit: str | None, *, check: bool, diff: bool) -> int:
    """Bring catalog and packages in from FILE.

    ORIGIN is the tool that wrote it: autumn (JSON), pricing2yaml (2.1), or csv (packages as columns). What
    could not be carried over is told. Files that are there are not changed, except that the catalog gains
    what it lacks.
    """
    from reconciler.engine.import_from import import_from
    from reconciler.sources.os_errors import remedy

    terminal = Terminal.of(chosen())
    workspace = workspace_of(chosen())
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}.", hint=remedy(error)) from error
    result = import_from(workspace, origin, content, users=user_limit)
    code = settle(workspace.root, result.edits, result.findings, check=check, diff=diff)
    for remark in result.remarks:
        terminal.say("\n".join(terminal.messages.lines([f"- {remark}"])) + "\n")
    return code
