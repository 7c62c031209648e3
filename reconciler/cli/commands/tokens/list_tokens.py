"""`tokens list`."""

from __future__ import annotations

import click

from reconciler.cli.opening import served_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.render.json import token_json
from reconciler.render.text.tokens import token_table


@click.command("list")
@global_options
def list_command() -> None:
    """List tokens, oldest first, revoked and expired ones included."""
    choices = chosen()
    terminal = Terminal.of(choices)
    with served_of(choices) as (_, register):
        tokens = register.tokens()
    if choices.format == "json":
        terminal.write_json_lines(map(token_json, tokens))
    elif tokens:
        terminal.write_lines(token_table(tokens, now(), terminal.rows))
    else:
        terminal.say("There are no tokens.\n")
