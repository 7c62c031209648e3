"""What each touched client could be told about a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from reconciler.model.clients import Client
    from reconciler.model.prospects import Prospect


@dataclass(frozen=True, slots=True)
class Note:
    """One client, and what the plan means for it.

    Attributes:
        title: The package's title as the client knows it.
        moves: Whether the plan moves the client; else it keeps what it has until it is reassigned.
        on: The day that the client is told.
        is_archived: Whether the package is no longer sold after the plan.
    """

    client: Client
    title: str
    moves: bool
    prospect: Prospect
    on: date
    is_archived: bool = False
