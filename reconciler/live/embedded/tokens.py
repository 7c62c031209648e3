"""The tokens of a served platform, over the same database."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from reconciler.errors import WrongUsageError
from reconciler.model.forms import TOKEN_NAME, require
from reconciler.store import tokens

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.tokens import Token
    from reconciler.store.database import Database


class EmbeddedTokens:
    """Implements `TokenRegister`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_open(self) -> bool:
        """See `TokenRegister`."""
        with self._database.looking() as connection:
            return tokens.is_empty(connection)

    def find(self, token_id: str, digest: str) -> Token | None:
        """See `TokenRegister`."""
        with self._database.looking() as connection:
            found = tokens.with_digest(connection, token_id)
        if found is None or not hmac.compare_digest(found[1], digest):
            return None
        return found[0]

    def tokens(self) -> tuple[Token, ...]:
        """See `TokenRegister`."""
        with self._database.reading() as connection:
            return tokens.every(connection)

    def add(self, token: Token, digest: str) -> None:
        """See `TokenRegister`."""
        require([(TOKEN_NAME, token.name)])
        with self._database.writing() as connection:
            tokens.add(connection, token, digest)

    def rotate(self, token_id: str, token: Token, digest: str, *, ends: datetime) -> None:
        """See `TokenRegister`."""
        with self._database.writing() as connection:
            tokens.end_by(connection, token_id, ends)
            tokens.add(connection, token, digest)

    def note_use(self, token_id: str, hour: datetime) -> None:
        """See `TokenRegister`."""
        with self._database.writing() as connection:
            tokens.note_use(connection, token_id, hour)

    def revoke(self, token_id: str, at: datetime) -> Token:
        """See `TokenRegister`."""
        with self._database.writing() as connection:
            tokens.revoke(connection, token_id, at)
            found = tokens.with_digest(connection, token_id)
        if found is None:
            raise WrongUsageError(f"There is no token {token_id!r}.", hint="`tokens list` lists them.")
        return found[0]
