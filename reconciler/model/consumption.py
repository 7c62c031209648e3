"""How much of what they are allowed clients really use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Clients with an active subscription to one revision of a package who use the same amount of a meter.

    Attributes:
        amount: In the current cycle; where a cap counts users, team members now.
    """

    revision: int
    amount: int
    clients: int
