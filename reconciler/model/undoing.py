"""Taking back what hands did to clients: what a platform says of it, and what it is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from reconciler.model.events import Event  # noqa: TC001 - pydantic reads it
from reconciler.model.fields import Amount, ByKind, ClientId, Items, Line, Number, PackageKey, Readable, Told
from reconciler.model.plans import EventUndone, RunUndone

MOST_NAMED = 5
"""Clients named of each difference."""

Undone: TypeAlias = Annotated[EventUndone | RunUndone, ByKind()]
"""What is taken back."""


@dataclass(frozen=True, slots=True)
class Felt(Told):
    """What one difference does to those who go back.

    Attributes:
        code: Of the difference.
        path: Of the term, as a JSON Pointer; `/subscriptions` where they are over at once.
        lose: Who loses it; or has it from now on, where it is a gain.
        use: Of those, who used it in this cycle.
        over: Of those, who is above what is left.
        sample: The first few of them.
    """

    code: Line
    path: Line
    lose: Amount
    use: Amount = 0
    over: Amount = 0
    sample: Annotated[tuple[ClientId, ...], Items(MOST_NAMED)] = ()


@dataclass(frozen=True, slots=True)
class Returning(Told):
    """Clients who go back from one revision of a package to what they held before.

    Attributes:
        clients: All of them, whatever their status.
        losing: Of those with an active subscription, who loses anything by it.
        losing_in_use: Of those, who uses more than is left.
        gaining: Who gains anything, or whose subscription goes on.
        ended: Whose subscription is over at once.
        resumed: Whose subscription is over now, and goes on.
    """

    package: PackageKey
    revision: Number
    to_package: PackageKey
    to_revision: Number
    clients: Amount
    losing: Amount = 0
    losing_in_use: Amount = 0
    gaining: Amount = 0
    ended: Amount = 0
    resumed: Amount = 0
    felt: Annotated[tuple[Felt, ...], Items(10_000)] = ()


@dataclass(frozen=True, slots=True)
class Undoing(Told):
    """What taking something back would do to clients.

    Attributes:
        event: What is taken back, where it is an event.
        returns: Who goes back.
        package: The key that it has now, where a package was edited.
        changed: How many stay, since their holding was changed after it, or they are no clients any more.
        added: How many stay, since they were not there before.
    """

    event: Event | None = None
    returns: Annotated[tuple[Returning, ...], Items(100_000)] = ()
    package: PackageKey | None = None
    changed: Amount = 0
    added: Amount = 0


@dataclass(frozen=True, slots=True)
class Undo(Readable):
    """Have those who still hold what it gave them hold what they held before, from the same start.

    Attributes:
        losing: More who lose something by it make the change set stale.
        ended: More whose subscription is over at once do so as well.
    """

    of: Undone
    losing: Amount
    ended: Amount
