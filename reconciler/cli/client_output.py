"""One way to print what a client command did to a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.options import chosen
from reconciler.cli.terminal import Terminal
from reconciler.render.json import client_json
from reconciler.render.text.runs import assigned_text

if TYPE_CHECKING:
    from reconciler.model.clients import Client


def write_client(client: Client) -> None:
    """Write the client as JSON, or a sentence that says what it holds now."""
    choices = chosen()
    terminal = Terminal.of(choices)
    if choices.format == "json":
        terminal.write_json(client_json(client))
    else:
        terminal.write(assigned_text(client, terminal.data))
