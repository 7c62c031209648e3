"""Tokens as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import instant
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from reconciler.model.tokens import Token
    from reconciler.render.text.style import Paper

_HEADINGS: Final = ("ID", "NAME", "SCOPES", "CREATED", "LAST USED", "STATUS")


def token_table(tokens: Iterable[Token], at: datetime, paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per token, its status at an instant."""
    return table_lines(_HEADINGS, (_row(token, at) for token in tokens), paper)


def _row(token: Token, at: datetime) -> tuple[str, ...]:
    used = "never" if token.used_at is None else f"{token.used_at:%Y-%m-%d %H}:.. UTC"
    scopes = " ".join(token.scopes)
    return (token.id, token.name, scopes, instant(token.created_at), used, _status(token, at))


def _status(token: Token, at: datetime) -> str:
    if token.revoked_at is not None:
        return f"revoked {instant(token.revoked_at)}"
    if token.expires_at is None:
        return "valid"
    return f"{'valid until' if token.is_valid(at) else 'expired'} {instant(token.expires_at)}"
