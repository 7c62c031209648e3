"""`schema`: the JSON Schemas of the files."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.terminal import Terminal
from reconciler.errors import WrongUsageError

KINDS = ("package", "catalog", "reconciler", "plan")


@click.command("schema")
@global_options
@option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write all of them to this folder.")
@click.argument("kind", required=False, type=click.Choice(KINDS))
def schema_command(kind: str | None, write: Path | None) -> None:
    """Print or write the JSON Schemas of the files.

    KIND is which one to print. Editors with a YAML language server complete and check by them.
    """
    if kind is None and write is None:
        raise WrongUsageError("schema was told neither what to print nor where to write.", hint=_HINT)
    from reconciler.engine.schema import schema, write_schemas

    terminal = Terminal.of(chosen())
    if write is not None:
        terminal.write_lines(str(path) for path in write_schemas(write))
    if kind is not None:
        terminal.write(schema(kind).rstrip("\n") + "\n")


_HINT = f"Give one of {', '.join(KINDS)}, or --write FOLDER."
