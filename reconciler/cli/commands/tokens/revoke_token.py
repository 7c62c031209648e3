"""`tokens revoke`."""

from __future__ import annotations

import click

from reconciler.cli.opening import served_of
from reconciler.cli.options import chosen, global_options
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal


@click.command("revoke")
@global_options
@click.argument("token_id", metavar="ID")
def revoke_command(token_id: str) -> None:
    """End the token with this ID at once, on every server of the platform."""
    choices = chosen()
    with served_of(choices) as (_, register):
        token = register.revoke(token_id, now())
    Terminal.of(choices).say(f"Token {token.id} ({token.name}) no longer counts.\n")
