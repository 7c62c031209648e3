"""Statements on tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, exists, insert, select, update

from reconciler.model.tokens import Scope, Token
from reconciler.store import tables
from reconciler.store.dialects import ask, tell_later
from reconciler.store.lists import binding, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

_TOKENS: Final = tables.tokens.c
_SOME: Final = "some"
_IDS: Final = listed(_SOME, ("mark",))
_ONE: Final = select(tables.tokens).where(_TOKENS.id == bindparam("id"))
_NAMED: Final = select(tables.tokens).join(_IDS, _IDS.c.mark == _TOKENS.id)


def is_empty(connection: Connection) -> bool:
    """Whether no token was ever made."""
    return not connection.execute(select(exists().select_from(tables.tokens))).scalar_one()


def with_digest(connection: Connection, token_id: str) -> tuple[Token, str] | None:
    """Return a token and the digest of its text; None where there is none."""
    return with_digests(connection, {token_id}).get(token_id)


def with_digests(connection: Connection, ids: Collection[str]) -> dict[str, tuple[Token, str]]:
    """Return the tokens that there are of these, by id, each with the digest of its text."""
    return dict(map(_read, ask(connection, *_naming(ids))))


def hear_later(
    connection: Connection, ids: Collection[str], hear: Callable[[dict[str, tuple[Token, str]]], None]
) -> None:
    """Have the same be heard before the next statement's rows: of that one's round trip."""
    tell_later(connection, *_naming(ids), lambda rows: hear(dict(map(_read, rows))))


def _naming(ids: Collection[str]) -> tuple[Select[Any], Mapping[str, object]]:
    if len(ids) == 1:
        return _ONE, {"id": next(iter(ids))}
    return _NAMED, binding(_SOME, [[each] for each in sorted(ids)])


def every(connection: Connection) -> tuple[Token, ...]:
    """Return every token, oldest first."""
    statement = select(tables.tokens).order_by(_TOKENS.created_at, _TOKENS.id)
    return tuple(_read(row)[1][0] for row in connection.execute(statement))


def add(connection: Connection, token: Token, digest: str) -> None:
    """Insert a token."""
    values = {
        "id": token.id,
        "name": token.name,
        "digest": digest,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "used_at": token.used_at,
    }
    connection.execute(insert(tables.tokens).values(values))


def revoke(connection: Connection, token_id: str, at: datetime) -> None:
    """End a token, unless it was ended before."""
    statement = update(tables.tokens).where(_TOKENS.id == token_id, _TOKENS.revoked_at.is_(None))
    connection.execute(statement.values(revoked_at=at))


def end_by(connection: Connection, token_id: str, at: datetime) -> None:
    """Have a token end at an instant, unless it ends before."""
    ends_later = _TOKENS.expires_at.is_(None) | (_TOKENS.expires_at > at)
    connection.execute(update(tables.tokens).where(_TOKENS.id == token_id, ends_later).values(expires_at=at))


def note_use(connection: Connection, token_id: str, hour: datetime) -> None:
    """Note when a token was last used, unless that is noted."""
    is_news = _TOKENS.used_at.is_(None) | (_TOKENS.used_at < hour)
    connection.execute(update(tables.tokens).where(_TOKENS.id == token_id, is_news).values(used_at=hour))


def _read(row: Sequence[Any]) -> tuple[str, tuple[Token, str]]:
    """Return a token's id, and the token with the digest of its text, of a row of all columns."""
    id_, name, digest, scopes, *instants = row
    return id_, (Token(id_, name, tuple(map(Scope, scopes)), *instants), digest)
