"""When to try again, and how long to wait."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""

LONGEST_WAIT: Final = 120.0
"""A server that asks for more than these seconds is not waited for."""

_FIRST: Final = 0.1
_LONGEST: Final = 5.0


def pause(number: int) -> float:
    """Return how long to wait after the `number`-th try, counted from 0: longer each time, never alike."""
    return random.uniform(0.5, 1) * min(_LONGEST, _FIRST * 2.0**number)  # noqa: S311 - jitter, no secret


def asked_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that `Retry-After` asks for, as a number or a date; 0 where it says nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return 0
    if instant.tzinfo is None:
        return 0
    return max(0, (instant - datetime.now(UTC)).total_seconds())
