"""What each touched client could be told about a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.terms import Term

if TYPE_CHECKING:
    from datetime import date

    from reconciler.model.clients import Client
    from reconciler.model.grants import Grant
    from reconciler.model.prospects import Prospect


class Note(Struct, frozen=True):
    """One client, and what the plan means for it.

    Attributes:
        title: The package's title as the client knows it.
        moves: Whether the plan moves the client; else it keeps what it has until it is reassigned.
        on: The day that the client is told.
        is_archived: Whether the package is no longer sold after the plan.
        to_title: The title of the package that it moves to; None: that of the same one.
        starts_anew: Whether its term and its cycle begin anew with the move.
        kept: What it has beside its package once it moves.
    """

    client: Client
    title: str
    moves: bool
    prospect: Prospect
    on: date
    is_archived: bool = False
    to_title: str | None = None
    starts_anew: bool = False
    kept: tuple[Grant, ...] = ()

    @property
    def ending(self) -> tuple[Grant, ...]:
        """Its grants that end with the move, as far as it has less by that."""
        lost = {each.term for each in self.prospect.losses}
        return tuple(
            each for each in self.client.grants if each not in self.kept and Term.named(each.term) in lost
        )
