"""`tokens`: who may use a served platform."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconciler.errors import WrongUsageError
from reconciler.model.events import UNKNOWN
from reconciler.model.tokens import Token, token_digest, token_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    from reconciler.live.port import TokenRegister
    from reconciler.model.events import Author
    from reconciler.model.tokens import Scope


def create_token(  # noqa: PLR0913 - what a token has, and who makes it
    register: TokenRegister,
    name: str,
    scopes: Collection[Scope],
    at: datetime,
    *,
    expires_at: datetime | None = None,
    by: Author = UNKNOWN,
) -> tuple[Token, str]:
    """Make a token; its text is returned once, and only its digest is kept."""
    token = Token(secrets.token_hex(6), name, tuple(sorted(set(scopes))), at, expires_at)
    text = token_text(token.id, secrets.token_urlsafe(32))
    register.add(token, token_digest(text), by=by)
    return token, text


def rotate_token(
    register: TokenRegister, token_id: str, at: datetime, *, overlap: timedelta, by: Author = UNKNOWN
) -> tuple[Token, str]:
    """Make a token of the same name, scopes and days as one that counts, which goes on for the overlap.

    Raises `WrongUsageError` where there is no such token, or where it no longer counts.
    """
    old = next((each for each in register.tokens() if each.id == token_id), None)
    if old is None or not old.is_valid(at):
        what = f"There is no token {token_id!r}" if old is None else f"The token {token_id} no longer counts"
        raise WrongUsageError(f"{what}.", hint="`tokens list` lists them; `tokens create` makes a new one.")
    expires_at = old.expires_at and at + (old.expires_at - old.created_at)
    new = Token(secrets.token_hex(6), old.name, old.scopes, at, expires_at)
    text = token_text(new.id, secrets.token_urlsafe(32))
    register.rotate(old.id, new, token_digest(text), ends=at + overlap, by=by)
    return new, text
