"""How long to rest between cycles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LONGEST_REST: Final = 900.0
_MOST_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between cycles; after failures twice as long each time, up to a quarter of an hour.

    Attributes:
        jitter: The share by which a rest is made longer or shorter, so that instances spread out.
    """

    interval: float
    jitter: float = 0.1

    def rest(self, failures: int, chance: float) -> float:
        """Return the seconds to rest after so many failures in a row; `chance` lies in [0, 1)."""
        longest = max(self.interval, _LONGEST_REST)
        seconds = min(self.interval * 2 ** min(failures, _MOST_DOUBLINGS), longest)
        return float(seconds * (1 + self.jitter * (2 * chance - 1)))
