"""Requests that are done once, however often they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime


class KeyedRequest(Struct, frozen=True):
    """A request that may be sent again where its answer was lost.

    Attributes:
        key: Chosen by the sender, for this request alone.
        fingerprint: Digest of everything that the request asks for.
        at: When it came; answers are kept for 30 days.
    """

    key: str
    fingerprint: str
    at: datetime
