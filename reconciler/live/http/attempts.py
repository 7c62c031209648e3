"""The tries of one call, until it is answered or given up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError
from reconciler.live.http.exchange import LostError, TooMuchError
from reconciler.live.http.patience import LONGEST_WAIT, asked_wait, pause

if TYPE_CHECKING:
    from reconciler.live.http.exchange import Limits, Reply, Request

_NOTHING_DONE: Final = 429


class Attempts:
    """Counts tries, waits between them, and knows whether a write may have been done."""

    def __init__(self, where: str, request: Request, limits: Limits) -> None:
        self.deadline = time.monotonic() + (limits.long_seconds if request.is_long else limits.seconds)
        self._where = where
        self._request = request
        self._left = limits.tries
        self._number = 0
        self._is_maybe_done = False

    def failed(self, error: LostError | TooMuchError) -> None:
        """Wait for the next try after one that failed on the way; raise `UnreachableError` after the last."""
        self._is_maybe_done |= isinstance(error, TooMuchError) or error.sent
        if isinstance(error, TooMuchError):
            raise self.given_up(f"{error}") from error
        if error.remedy:
            raise self.given_up(f"{error}", hint=error.remedy) from error
        self._wait(0, f"{error}")

    def put_off(self, reply: Reply) -> None:
        """Wait for the next try after an answer that says: not now."""
        self._is_maybe_done |= reply.status != _NOTHING_DONE
        self._wait(asked_wait(reply.headers), f"it answers {reply.status}")

    def given_up(self, reason: str, *, hint: str = "") -> UnreachableError:
        """Return the error that ends the call, which says whether a write may have been done."""
        message = f"{self._where} is out of reach: {reason}."
        if self._request.key is None:
            return UnreachableError(message, hint=hint or "Try again later.")
        if not self._is_maybe_done:
            return UnreachableError(f"{message} Nothing was written.", hint=hint or "Try again later.")
        return UnreachableError(
            f"{message} It is not known whether {self._request.what} was done.",
            hint=hint or self._request.recovery,
        )

    def answered_wrongly(self, reason: str, *, hint: str) -> UnreachableError:
        """Return the error for an answer that is not the API's; what it did to a write is not known."""
        self._is_maybe_done = True
        return self.given_up(reason, hint="" if self._request.key else hint)

    def _wait(self, asked: float, reason: str) -> None:
        self._left -= 1
        if asked > LONGEST_WAIT:
            raise self.given_up(f"{reason}, and asks to wait {asked:,.0f} seconds", hint="Try again then.")
        seconds = max(asked, pause(self._number))
        self._number += 1
        if self._left == 0:
            raise self.given_up(f"{reason}, {self._number} times")
        if time.monotonic() + seconds >= self.deadline:
            raise self.given_up(f"{reason}, until the time for it was over")
        time.sleep(seconds)
