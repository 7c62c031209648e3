"""What each touched client could be told about a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.dataclass import dataclass
from reconciler.model.english import instant
from reconciler.model.plans import FieldChange
from reconciler.model.terms import EXPIRY, Code, Kind, Term

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from reconciler.model.clients import Client
    from reconciler.model.grants import Grant
    from reconciler.model.prospects import Prospect


@dataclass(frozen=True, slots=True)
class Note:
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
    def losses(self) -> tuple[FieldChange, ...]:
        """What the client has less of once it moves, by path."""
        return tuple(each for each in self._felt() if each.severity.is_loss)

    @property
    def gains(self) -> tuple[FieldChange, ...]:
        """What it has more of then, by path."""
        return tuple(each for each in self._felt() if not each.severity.is_loss)

    @property
    def ending(self) -> tuple[Grant, ...]:
        """Its grants that end with the move, as far as it has less by that."""
        lost = {each.term for each in self.losses}
        return tuple(
            each for each in self.client.grants if each not in self.kept and Term.named(each.term) in lost
        )

    def _felt(self) -> tuple[FieldChange, ...]:
        """Return what differs for it; of the expiry, where its own end comes earlier or later (rule 15)."""
        fields = self.prospect.fields
        rest = (each for each in fields if each.code.row.kind is not Kind.EXPIRY)
        stated = next((each for each in fields if each.code.row.kind is Kind.EXPIRY), None)
        return tuple(sorted((*rest, *self._end(stated)), key=lambda each: each.path))

    def _end(self, stated: FieldChange | None) -> Iterator[FieldChange]:
        before, after = self.client.subscription.expires_at, self.prospect.expires_at
        if before == after:
            return
        is_earlier = after is not None and (before is None or after < before)
        code = Code.EXPIRY_SHORTENED if is_earlier else Code.EXPIRY_EXTENDED
        sides = (stated.before, stated.after) if stated else (_when(before), _when(after))
        yield FieldChange(
            path=EXPIRY.path, before=sides[0], after=sides[1], code=code, severity=code.row.severity
        )


def _when(end: datetime | None) -> str | None:
    return None if end is None else instant(end)
