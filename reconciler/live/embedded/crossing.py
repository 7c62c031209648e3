"""What a client holds before and after it comes to hold something else by a plan, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.planning.transfers import Return
    from reconciler.store.clients import StoredClient
    from reconciler.store.events import Deed
    from reconciler.store.grants import StoredGrant


class Stay(Struct):
    """How many stay, and why; as `Transfers` has it."""

    changed: int = 0
    added: int = 0
    barred: int = 0


class Crossing(Struct, frozen=True):
    """A client who comes to hold something else.

    Attributes:
        used: What it has used afterwards.
        spent: How much of its stocks, by id, is spent with the cycle that ends.
        given: A grant that it has again.
        gone: Id of a grant that it has no more.
        beside: What is written down where all else stays; None where the client holds something else.
    """

    now: StoredClient
    then: StoredClient
    seen: Return
    used: Mapping[str, int]
    spent: Mapping[str, int] | None = None
    given: StoredGrant | None = None
    gone: str | None = None
    beside: Deed | None = None
