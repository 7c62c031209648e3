"""When tokens were last used: to the hour, written after the answer, and never in its way."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import TokenRegister


class LastUses:
    """What this process noted of each token."""

    def __init__(self) -> None:
        self._noted: dict[str, datetime] = {}

    def noting(self, register: TokenRegister, token_id: str, now: datetime) -> BackgroundTask | None:
        """Return what notes that a token is used, to be done after the answer; None where that is noted."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._noted.get(token_id) == hour:
            return None
        self._noted[token_id] = hour
        return BackgroundTask(_note, register, token_id, hour)


def _note(register: TokenRegister, token_id: str, hour: datetime) -> None:
    with suppress(UnreachableError):  # busy, or a standby that nothing can be noted on
        register.note_use(token_id, hour)
