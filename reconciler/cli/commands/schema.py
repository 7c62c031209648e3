"""`schema`: the JSON Schemas of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import workspace_of
from reconciler.cli.options import chosen, global_options, option
from reconciler.cli.parameters import OutputFolder
from reconciler.cli.terminal import Terminal
from reconciler.errors import InvalidError, WrongUsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.options import Choices
    from reconciler.model.catalog import Catalog

KINDS = ("package", "catalog", "reconciler", "plan")


@click.command("schema")
@global_options
@option("--write", type=OutputFolder(), help="Write all of them to this folder.")
@option("--generic", is_flag=True, help="Take no notice of your catalog: any feature and limit is accepted.")
@click.argument("kind", required=False, type=click.Choice(KINDS))
def schema_command(kind: str | None, write: Path | None, *, generic: bool) -> None:
    """Print or write the JSON Schemas of the files.

    KIND is which one to print. Editors with a YAML language server complete and check by them. Where there is
    a catalog, the schema of a package knows its features and limits.
    """
    if kind is None and write is None:
        raise WrongUsageError("schema was told neither what to print nor where to write.", hint=_HINT)
    from reconciler.engine.schema import schema, write_schemas

    choices = chosen()
    terminal = Terminal.of(choices)
    catalog = None if generic else _catalog(choices)
    if write is not None:
        terminal.write_lines(str(path) for path in write_schemas(write, catalog))
    if kind is not None:
        terminal.write(schema(kind, catalog))


def _catalog(choices: Choices) -> Catalog | None:
    """Return the catalog, if there is a configuration and it is sound."""
    try:
        return workspace_of(choices).catalog
    except InvalidError:
        if choices.config is not None:
            raise
        return None


_HINT = f"Give one of {', '.join(KINDS)}, or --write FOLDER."
