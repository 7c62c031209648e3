"""The tokens of a served platform, over the same database."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, TypeVar

from reconciler.errors import WrongUsageError
from reconciler.live import naming
from reconciler.live.embedded.retry import retried
from reconciler.model.events import UNKNOWN
from reconciler.model.forms import TOKEN_NAME, require
from reconciler.store import events, tokens
from reconciler.store.events import Deed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from reconciler.model.events import Author
    from reconciler.model.tokens import Token
    from reconciler.store.database import Database

T = TypeVar("T")


class EmbeddedTokens:
    """Implements `TokenRegister`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def is_open(self) -> bool:
        """See `TokenRegister`."""
        with self.database.looking() as connection:
            return tokens.is_empty(connection)

    def find(self, shown: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Token]:
        """See `TokenRegister`."""
        with self.database.looking() as connection:
            return _proven(shown, tokens.with_digests(connection, {token_id for token_id, _ in shown}))

    def find_beside(
        self, shown: Collection[tuple[str, str]], ask: Callable[[], T]
    ) -> tuple[Mapping[tuple[str, str], Token], T]:
        """See `TokenRegister`."""
        heard: list[Mapping[str, tuple[Token, str]]] = []
        with self.database.looking_together() as connection:
            tokens.hear_later(connection, {token_id for token_id, _ in shown}, heard.append)
            answer = ask()
        return _proven(shown, heard[0]), answer

    def hear_of(self, shown: tuple[str, str], hear: Callable[[Token | None], None]) -> None:
        """See `TokenRegister`."""
        if not self.database.is_joined:
            raise LookupError("nothing that follows would be asked with this")
        with self.database.looking() as connection:
            tokens.hear_later(connection, {shown[0]}, lambda known: hear(_proven({shown}, known).get(shown)))

    def tokens(self) -> tuple[Token, ...]:
        """See `TokenRegister`."""
        with self.database.reading() as connection:
            return tokens.every(connection)

    @retried
    def add(self, token: Token, digest: str, *, by: Author = UNKNOWN) -> None:
        """See `TokenRegister`."""
        require([(TOKEN_NAME, token.name), *naming.of_author(by)])
        with self.database.writing() as connection:
            tokens.add(connection, token, digest)
            events.record(connection, [Deed("token", after=_told(token))], by, token.created_at)

    @retried
    def rotate(
        self, token_id: str, token: Token, digest: str, *, ends: datetime, by: Author = UNKNOWN
    ) -> None:
        """See `TokenRegister`."""
        with self.database.writing() as connection:
            known = tokens.with_digest(connection, token_id)
            tokens.end_by(connection, token_id, ends)
            tokens.add(connection, token, digest)
            ended = tokens.with_digest(connection, token_id)
            deeds = [Deed("token", after=_told(token))]
            if known and ended and known[0] != ended[0]:
                deeds.append(Deed("token", before=_told(known[0]), after=_told(ended[0])))
            events.record(connection, deeds, by, token.created_at)

    def note_use(self, token_id: str, hour: datetime) -> None:
        """See `TokenRegister`."""
        with self.database.writing() as connection:
            tokens.note_use(connection, token_id, hour)

    @retried
    def revoke(self, token_id: str, at: datetime, *, by: Author = UNKNOWN) -> Token:
        """See `TokenRegister`."""
        require(naming.of_author(by))
        with self.database.writing() as connection:
            known = tokens.with_digest(connection, token_id)
            tokens.revoke(connection, token_id, at)
            found = tokens.with_digest(connection, token_id)
            if known is None or found is None:
                raise WrongUsageError(f"There is no token {token_id!r}.", hint="`tokens list` lists them.")
            if known[0] != found[0]:
                deed = Deed("token", before=_told(known[0]), after=_told(found[0]))
                events.record(connection, [deed], by, at)
        return found[0]


def _proven(
    shown: Collection[tuple[str, str]], known: Mapping[str, tuple[Token, str]]
) -> Mapping[tuple[str, str], Token]:
    return {
        (token_id, digest): known[token_id][0]
        for token_id, digest in shown
        if token_id in known and hmac.compare_digest(known[token_id][1], digest)
    }


def _told(token: Token) -> dict[str, Any]:
    ends = {"expires_at": token.expires_at, "revoked_at": token.revoked_at}
    return {
        "token": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        **{name: at and at.isoformat() for name, at in ends.items()},
    }
