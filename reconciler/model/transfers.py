"""What clients come to hold one by one: what hands did is taken back, or they are moved between packages.

What a platform says of it beforehand, and what it is asked to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import JsonValue  # noqa: TC002 - it reads that

from reconciler.model.events import Event  # noqa: TC001 - pydantic reads it
from reconciler.model.fields import Amount, ByKind, ClientId, Items, Line, Number, PackageKey, Readable, Told
from reconciler.model.plans import ClientsMoved, EventUndone, RunUndone, TermAfter

MOST_NAMED = 5
"""Clients named of each difference."""

TransferAim: TypeAlias = Annotated[EventUndone | RunUndone | ClientsMoved, ByKind()]
"""What is taken back, or who is moved."""


@dataclass(frozen=True, slots=True)
class Felt(Told):
    """What one difference does to those who move.

    Attributes:
        code: Of the difference.
        path: Of the term, as a JSON Pointer; `/subscriptions` where they are over at once.
        lose: Who loses it; or has it from now on, where it is a gain.
        use: Of those, who used it in this cycle.
        over: Of those, who is above what is left.
        before: What they have of it, each value once.
        after: What they have of it then.
        sample: The first few of them.
    """

    code: Line
    path: Line
    lose: Amount
    use: Amount = 0
    over: Amount = 0
    before: Annotated[tuple[JsonValue, ...], Items(MOST_NAMED)] = ()
    after: JsonValue = None
    sample: Annotated[tuple[ClientId, ...], Items(MOST_NAMED)] = ()


@dataclass(frozen=True, slots=True)
class Returning(Told):
    """Clients who come from one revision of a package to one of the same or another.

    Attributes:
        clients: All of them, whatever their status.
        term: What becomes of their start and their cycle.
        losing: Of those with an active subscription, who loses anything by it.
        losing_in_use: Of those, who uses more than is left.
        gaining: Who gains anything, or whose subscription goes on.
        ended: Whose subscription is over at once.
        resumed: Whose subscription is over now, and goes on.
        grants_ending: Who has a grant that ends with it.
    """

    package: PackageKey
    revision: Number
    to_package: PackageKey
    to_revision: Number
    clients: Amount
    term: TermAfter = "former"
    losing: Amount = 0
    losing_in_use: Amount = 0
    gaining: Amount = 0
    ended: Amount = 0
    resumed: Amount = 0
    grants_ending: Amount = 0
    felt: Annotated[tuple[Felt, ...], Items(10_000)] = ()


@dataclass(frozen=True, slots=True)
class Transfers(Told):
    """What taking something back, or moving clients between packages, would do.

    Attributes:
        event: What is taken back, where it is an event.
        returns: Who comes to hold something else.
        package: The key that it has now, where a package was edited.
        changed: How many stay, since their holding was changed after it, or they are no clients any more.
            Of a move, those named who do not hold the package.
        added: How many stay, since they were not there before.
        barred: How many stay, since the list of allowed e-mails does not have their owner (rule 5).
    """

    event: Event | None = None
    returns: Annotated[tuple[Returning, ...], Items(100_000)] = ()
    package: PackageKey | None = None
    changed: Amount = 0
    added: Amount = 0
    barred: Amount = 0


@dataclass(frozen=True, slots=True)
class Transfer(Readable):
    """Have those who still hold what it gave them hold what they held before, or move clients.

    Attributes:
        losing: More who lose something by it make the change set stale.
        ended: More whose subscription is over at once do so as well.
    """

    of: TransferAim
    losing: Amount
    ended: Amount
