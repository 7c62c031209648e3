"""`clients show`: what one client may use, and where each part comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.opening import reader_of
from reconciler.cli.options import chosen, completed_by, global_options
from reconciler.cli.output import glossary_of
from reconciler.cli.parameters import at_option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.model.packages import RevisionRef
from reconciler.render.json import client_json

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition


@click.command("show")
@global_options
@at_option()
@click.argument("client_id", metavar="CLIENT", shell_complete=completed_by("clients"))
def show_command(client_id: str, at: datetime | None) -> None:
    """Show what one client may use, and from where.

    Beside each thing that the package's current revision has otherwise stands what reassignment would change.
    """
    from reconciler.render.text.client import client_text

    choices = chosen()
    terminal = Terminal.of(choices)
    with reader_of(choices) as platform:
        client = platform.client(client_id, at or now())
        if choices.format == "json":
            terminal.write_json(client_json(client))
            return
        glossary = glossary_of(platform.catalog())
        snapshot = platform.snapshot(client_id) if client.grants else None
        current = _current(client, platform)
        terminal.write(client_text(client, current, glossary, terminal.data, snapshot))


def _current(client: Client, platform: PlatformReader) -> Definition | None:
    held = client.subscription
    if held.revision == held.current_revision:
        return None
    current = RevisionRef(held.package, held.current_revision)
    return platform.definitions([current]).get(current)
