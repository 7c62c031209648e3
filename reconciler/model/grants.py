"""What one client has beside its package: grants (rule 17) and an extension of its subscription (rule 18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias, get_args

from msgspec.structs import replace

from reconciler.model.fields import Amount, ByKind, Instant, Items, Key, Line, Readable, Told, Whole
from reconciler.model.quantities import LARGEST_QUANTITY, UNLIMITED, magnitude
from reconciler.model.terms import CAPS, Term

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity

Occasion: TypeAlias = Literal["cycle", "subscription", "reassigned"]
"""With what a grant ends: the billing cycle, the subscription (the next assignment by hand ends it), or the
next reassignment as well."""
OCCASIONS: Final[tuple[Occasion, ...]] = get_args(Occasion)
Until: TypeAlias = Instant | Occasion
_Positive: TypeAlias = Annotated[int, Whole(1)]
MOST_GRANTS: Final = 100
"""That one client has at once."""


@dataclass(frozen=True, slots=True)
class Grant(Told):
    """More of a limit or a cap, or a feature, that one client has beside its package.

    Attributes:
        term: As `Term` writes it: `features/audio_call`, `ai_credits`.
        until: The first instant at which it does not count, or with what it ends.
        add: So much on top: of each cycle, or with `once` a stock.
        set_to: At least so much; the larger of this and the snapshot counts.
        once: Whether what a cycle used beyond all else is taken off `add` when the cycle ends.
        spent: How much of the stock was.
    """

    id: Line
    term: Line
    until: Until
    granted_at: Instant
    author: Line
    reason: str
    add: Amount | None = None
    set_to: Amount | Literal["unlimited"] | None = None
    once: bool = False
    spent: Amount = 0

    @property
    def left(self) -> int:
        """How much it adds now."""
        return (self.add or 0) - self.spent


@dataclass(frozen=True, slots=True)
class LimitSet(Readable):
    """A limit that a granted feature needs, and how much of it is granted with it."""

    limit: Key
    set_to: _Positive | Literal["unlimited"]


@dataclass(frozen=True, slots=True)
class Granting(Readable):
    """Grant one client something.

    Attributes:
        term: A feature, a limit or a cap; its section may be left out.
        limits: Of a feature, those that it needs and the package does not state.
    """

    term: Line
    until: Until
    add: _Positive | None = None
    set_to: _Positive | Literal["unlimited"] | None = None
    once: bool = False
    limits: Annotated[tuple[LimitSet, ...], Items(20)] = ()
    kind: Literal["grant"] = "grant"


@dataclass(frozen=True, slots=True)
class Revoking(Readable):
    """Take a grant back, known by its id."""

    grant: Line
    kind: Literal["revoke"] = "revoke"


@dataclass(frozen=True, slots=True)
class Extending(Readable):
    """Let the subscription end at `until` at the earliest, whatever its package says."""

    until: Instant
    kind: Literal["extend"] = "extend"


Adjustment: TypeAlias = Annotated[Granting | Revoking | Extending, ByKind()]


def with_grants(snapshot: Definition, grants: Iterable[Grant]) -> Definition:
    """Return the snapshot with what these grants add to it."""
    by_term: dict[Term, list[Grant]] = {}
    for each in grants:
        by_term.setdefault(Term.named(each.term), []).append(each)
    if not by_term:
        return snapshot
    features = {*snapshot.features, *(term.key for term in by_term if term.section == "features")}
    limits = _raised(snapshot.limits, by_term, "limits")
    caps = _raised(snapshot.caps, by_term, "")
    return replace(
        snapshot,
        features=tuple(sorted(features)),
        limits=dict(sorted(limits.items())),
        caps={key: caps[key] for key in CAPS if key in caps},
    )


def kept_on_reassignment(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return those that a client still has once it is moved to another revision."""
    return tuple(each for each in grants if each.until != "reassigned")


def kept_on_assignment(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """Return those that a client still has once it is assigned a package by hand, which begins a cycle."""
    return tuple(each for each in grants if isinstance(each.until, datetime))


def raised(base: Quantity | None, grants: Iterable[Grant]) -> Quantity:
    """Return how much of one term may be used: the larger of what is held and set, and what is added."""
    found = tuple(grants)
    most = max((base, *(each.set_to for each in found)), key=magnitude) or 0
    if most == UNLIMITED:
        return most
    return min(most + sum(each.left for each in found), LARGEST_QUANTITY)


def spent_in_cycle(
    grants: Collection[Grant], used: Mapping[str, int], snapshot: Definition
) -> Mapping[str, int]:
    """Return how much of its stocks, by id, is spent where a client's cycle ends.

    What was used beyond all else is taken off those first that end first.
    """
    spent = {}
    rest = with_grants(snapshot, (each for each in grants if not each.once)).amounts
    beyond = {key: amount - magnitude(rest.get(key)) for key, amount in used.items()}
    for each in sorted((each for each in grants if each.once), key=_soonest):
        key = Term.named(each.term).key
        taken = int(min(each.left, max(beyond.get(key, 0), 0)))
        if taken:
            beyond[key] -= taken
            spent[each.id] = each.spent + taken
    return spent


def _raised(
    held: Mapping[str, Quantity], by_term: Mapping[Term, list[Grant]], section: str
) -> dict[str, Quantity]:
    granted = {
        term.key: raised(held.get(term.key), grants)
        for term, grants in by_term.items()
        if term.section == section
    }
    return {**held, **{key: amount for key, amount in granted.items() if amount}}


def _soonest(grant: Grant) -> tuple[int, datetime, datetime, str]:
    """Order stocks by their end: dates first, then with what an occasion ends."""
    at = grant.until if isinstance(grant.until, datetime) else grant.granted_at
    rank = 0 if isinstance(grant.until, datetime) else 1
    return rank, at, grant.granted_at, grant.id
