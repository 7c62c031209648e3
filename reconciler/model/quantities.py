"""How much of something a package grants."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

UNLIMITED: Final = "unlimited"
"""The only spelling of "no cap"; never -1, 0 or a huge number (rule 12)."""

Quantity: TypeAlias = int | Literal["unlimited"]

LARGEST_QUANTITY: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact."""


def magnitude(quantity: Quantity | None) -> float:
    """Order quantities: not granted (0) < 1 < ... < unlimited (infinity)."""
    if quantity is None:
        return 0
    return float("inf") if quantity == UNLIMITED else quantity


def allowance(quantity: Quantity | None) -> int | None:
    """Return how much may be used, None meaning without bound. What is not granted allows 0 (rule 12)."""
    if quantity is None:
        return 0
    return None if quantity == UNLIMITED else quantity
