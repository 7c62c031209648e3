"""`tokens`: who may use a served platform."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconciler.model.tokens import Token, token_digest, token_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from reconciler.live.port import TokenRegister
    from reconciler.model.tokens import Scope


def create_token(
    register: TokenRegister,
    name: str,
    scopes: Collection[Scope],
    at: datetime,
    *,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token; its text is returned once, and only its digest is kept."""
    text = token_text(secrets.token_hex(6), secrets.token_urlsafe(32))
    _, token_id, _ = text.split("_", 2)
    token = Token(token_id, name, tuple(sorted(set(scopes))), at, expires_at)
    register.add(token, token_digest(text))
    return token, text
