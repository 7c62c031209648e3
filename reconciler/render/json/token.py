"""Tokens as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.json.values import instant, line

if TYPE_CHECKING:
    from reconciler.model.tokens import Token


def token_json(token: Token) -> str:
    """Return one token as a line."""
    return line(
        {
            "id": token.id,
            "name": token.name,
            "scopes": list(token.scopes),
            "created_at": instant(token.created_at),
            "expires_at": token.expires_at and instant(token.expires_at),
            "revoked_at": token.revoked_at and instant(token.revoked_at),
        }
    )
