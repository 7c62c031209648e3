"""`tokens create`, `list`, `rotate` and `revoke`."""

from __future__ import annotations

from datetime import timedelta

import click

from reconciler.cli.applying import actor_option, author, reason_option
from reconciler.cli.opening import served_of
from reconciler.cli.options import chosen, completed_by, global_options, option
from reconciler.cli.process import now
from reconciler.cli.terminal import Terminal
from reconciler.engine.tokens import create_token, rotate_token
from reconciler.model.english import counted
from reconciler.model.tokens import Scope
from reconciler.render.json import token_json
from reconciler.render.text.tokens import token_table


@click.command("create")
@global_options
@click.argument("name")
@option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    required=True,
    help="What it may do; may be repeated. None implies another, but for admin.",
)
@option("--days", type=click.IntRange(1, 3_650), help="It expires after so many days; by default never.")
@reason_option()
@actor_option()
def create_command(
    name: str, scopes: tuple[str, ...], days: int | None, reason: str, actor: str | None
) -> None:
    """Make a token named NAME and print it, once.

    Only a digest is kept. Planning needs the scope read; applying read and packages.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    at = now()
    expires_at = None if days is None else at + timedelta(days=days)
    with served_of(choices) as (_, register):
        kinds, by = tuple(map(Scope, scopes)), author(actor, reason)
        token, text = create_token(register, name, kinds, at, expires_at=expires_at, by=by)
    terminal.write(f"{text}\n")
    terminal.say(f"Token {token.id} may: {', '.join(token.scopes)}. It is not shown again.\n")


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


@click.command("rotate")
@global_options
@click.argument("token_id", metavar="ID", shell_complete=completed_by("tokens"))
@option(
    "--overlap",
    type=click.IntRange(0, 8_760),
    default=24,
    show_default=True,
    metavar="HOURS",
    help="For so long the old token counts as well.",
)
@reason_option()
@actor_option()
def rotate_command(token_id: str, overlap: int, reason: str, actor: str | None) -> None:
    """Make a new token in place of that with this ID and print it, once.

    It has the name, the scopes and as many days as the old one.
    """
    choices = chosen()
    terminal = Terminal.of(choices)
    with served_of(choices) as (_, register):
        span, by = timedelta(hours=overlap), author(actor, reason)
        token, text = rotate_token(register, token_id, now(), overlap=span, by=by)
    terminal.write(f"{text}\n")
    old = "no longer counts" if overlap == 0 else f"counts for {counted(overlap, 'hour')} more at most"
    terminal.say(f"Token {token.id} takes the place of {token_id}, which {old}. It is not shown again.\n")


@click.command("revoke")
@global_options
@click.argument("token_id", metavar="ID", shell_complete=completed_by("tokens"))
@reason_option()
@actor_option()
def revoke_command(token_id: str, reason: str, actor: str | None) -> None:
    """End the token with this ID at once, on every server of the platform."""
    choices = chosen()
    with served_of(choices) as (_, register):
        token = register.revoke(token_id, now(), by=author(actor, reason))
    Terminal.of(choices).say(f"Token {token.id} ({token.name}) no longer counts.\n")
