"""What a client holds before and after it comes to hold something else by a plan, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.undoing import Return
    from reconciler.store.clients import StoredClient


@dataclass(slots=True)
class Stay:
    """How many stay, and why; as `Undoing` has it."""

    changed: int = 0
    added: int = 0
    barred: int = 0


@dataclass(frozen=True, slots=True)
class Crossing:
    """A client who comes to hold something else.

    Attributes:
        used: What it has used afterwards.
        spent: How much of its stocks, by id, is spent with the cycle that ends.
    """

    now: StoredClient
    then: StoredClient
    seen: Return
    used: Mapping[str, int]
    spent: Mapping[str, int] | None = None
