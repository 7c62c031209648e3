"""Whose token a request shows: looked at before the request is read, or with the first thing that it asks."""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.server.problems import Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import TokenRegister
    from reconciler.model.tokens import Token

HOW_TO_SHOW_ONE: Final = "Put a token's text into the variable that `token_env` names."
_MOST: Final = 10_000
_RECENT: Final = timedelta(minutes=1)


class Bearer:
    """Who shows the text of a token.

    Attributes:
        token: As it was found lately, and once `is_sure` for this request; None where it was not.
    """

    def __init__(
        self, known: Bearers, register: TokenRegister, shown: tuple[str, str], now: datetime
    ) -> None:
        self.token = known.recent(shown, now)
        self.is_sure = False
        self.shown = shown
        self._known, self._register, self._now = known, register, now
        self._is_being_looked_at = False

    def find(self, found: Token | None) -> None:
        """Take how the token is found now; refuse one that does not count, or not for what it did."""
        if found is None or not found.is_valid(self._now) or not self._is_as_known(found):
            self._known.forget(self.shown)
            raise Refusal("unauthorised", "The token is not valid.", hint=HOW_TO_SHOW_ONE)
        self._known.keep(self.shown, found, self._now)
        self.token = found
        self.is_sure = True

    def _is_as_known(self, found: Token) -> bool:
        former = self.token or found
        return (former.name, former.scopes) == (found.name, found.scopes)

    def look(self) -> None:
        """Look at the token, unless that was done for this request or is about to be."""
        if not (self.is_sure or self._is_being_looked_at):
            self.find(self._register.find({self.shown}).get(self.shown))

    def look_with_what_follows(self) -> None:
        """Have the token looked at within a write, with the first thing that the write asks."""
        self._is_being_looked_at = True
        self._register.hear_of(self.shown, self.find)

    def end_of_write(self) -> None:
        """Look at the token where the write did not come to it."""
        self._is_being_looked_at = False
        self.look()


class Bearers:
    """The tokens that counted within the last minute.

    Of these, a request is read before its token is looked at; nothing is done or told before that.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], tuple[Token, datetime]] = OrderedDict()

    def recent(self, shown: tuple[str, str], now: datetime) -> Token | None:
        """Return a token that counted lately and has not expired since."""
        token, at = self._found.get(shown, (None, now))
        return token if token is not None and now - at < _RECENT and token.is_valid(now) else None

    def keep(self, shown: tuple[str, str], token: Token, now: datetime) -> None:
        """Keep how a token was found."""
        self._found.pop(shown, None)
        self._found[shown] = token, now
        if len(self._found) > _MOST:
            self._found.popitem(last=False)

    def forget(self, shown: tuple[str, str]) -> None:
        """Forget a token that does not count."""
        self._found.pop(shown, None)
