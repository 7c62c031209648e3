"""Consumption against allowance, and what a moderate allowance would be (rule 7).

Everything is worked out in one pass over tallies in the order of their amounts, so that memory does not grow
with the number of clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.model.questions import ClientQuestion, UsesMoreThan
from reconciler.model.terms import CAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity
    from reconciler.model.questions import Tally

Verdict: TypeAlias = Literal["raise", "keep", "lower", "cap", "too-few", "too-young", "unused", "withdrawn"]

NEAR_PERCENT: Final = 80
"""From this share of its own allowance on, a client is near the cap."""
SEASONED_DAYS: Final = 14
"""Who has held a package for as long has had time to use it: the first weeks of rule 7."""
FEWEST_USING: Final = 10
"""Fewer clients than this tell nothing about the next one."""
ROOM_PERCENT: Final = 20
_MOST_PERCENT: Final = 95
_PERCENTS: Final = (50, NEAR_PERCENT, _MOST_PERCENT)
_ROUND: Final = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)


class Spread(Struct, frozen=True):
    """How much those clients use who use it at all; percentiles are amounts that some client has."""

    least: int
    p50: int
    p80: int
    p95: int
    most: int
    mean: float


class Consumption(Struct, frozen=True):
    """What the holders of the revisions that grant a meter use of it.

    Attributes:
        clients: Holders who are allowed any of it.
        using: Of these, who use more than 0.
        near: Of these, who use at least 80 % of what their own revision allows.
        full: Of these, who use all of it or more.
        spread: None where nobody uses it.
    """

    clients: int
    using: int
    near: int = 0
    full: int = 0
    spread: Spread | None = None


class Near(Struct, frozen=True):
    """A client who has used at least so much of what its own revision allows it."""

    package: str
    meter: str
    client: str


class Advice(Struct, frozen=True):
    """What to do about an allowance, and why.

    Attributes:
        suggestion: A moderate allowance; None where there is not enough to tell.
    """

    verdict: Verdict
    suggestion: int | None
    reasons: tuple[str, ...]


class MeterUsage(Struct, frozen=True):
    """One allowance of a package beside its consumption.

    Attributes:
        meter: Key of a limit or a cap.
        allowance: What the current revision grants; None where only older ones grant any.
        near_sample: The first few ids of clients at 80 % or more, in order.
        full_sample: The same of those at 100 % or more.
    """

    meter: str
    allowance: Quantity | None
    consumption: Consumption
    advice: Advice
    near_sample: tuple[str, ...] = ()
    full_sample: tuple[str, ...] = ()


class PackageUsage(Struct, frozen=True):
    """All allowances of one package.

    Attributes:
        holders: Clients with an active subscription.
        seasoned: Of these, who have held it for at least 14 days.
    """

    key: str
    title: str
    revision: int
    holders: int
    seasoned: int
    meters: tuple[MeterUsage, ...]


def meters_of(definitions: Iterable[Definition]) -> tuple[str, ...]:
    """Return every allowance that one of the definitions grants: caps as declared, then limits by key."""
    granted = {key for definition in definitions for key in definition.amounts}
    return (*(key for key in CAPS if key in granted), *sorted(granted - CAPS.keys()))


def at_least(
    package: str, meter: str, caps: Mapping[int, Quantity], percent: int
) -> tuple[ClientQuestion, ...]:
    """Ask, per revision, which holders use at least this share of what their revision allows."""
    return tuple(
        ClientQuestion(package, (revision,), (UsesMoreThan(meter, _threshold(cap, percent) - 1),))
        for revision, cap in sorted(caps.items())
        if isinstance(cap, int)
    )


def consumption(tallies: Iterable[Tally], caps: Mapping[int, Quantity], clients: int) -> Consumption:
    """Work out who uses how much.

    Args:
        tallies: By amount, smallest first.
        caps: What each revision allows; holders of other revisions do not count.
        clients: How many hold the revisions in `caps`.
    """
    counting = _Counting(clients)
    for tally in tallies:
        if (cap := caps.get(tally.revision)) is not None:
            counting.add(tally, cap)
    return counting.result()


def advised(used: Consumption, allowance: Quantity | None, *, is_young: bool) -> Advice:
    """Suggest a moderate allowance: the smallest round number with 20 % room above what 95 % use.

    Args:
        used: What is known.
        allowance: What the current revision grants.
        is_young: Whether most holders have not had the package for the first weeks yet.
    """
    if allowance is None:
        return Advice("withdrawn", None, ("Only older revisions grant it.",))
    spread = used.spread
    if spread is None:
        return Advice("unused", None, ("Nobody uses it so far.",))
    if used.using < FEWEST_USING:
        return Advice("too-few", None, (f"Too few clients use it to tell: {used.using} of {FEWEST_USING}.",))
    if is_young:
        reason = f"Too young to tell: most clients have held the package for less than {SEASONED_DAYS} days."
        return Advice("too-young", None, (reason,))
    suggestion = round_up(-(-spread.p95 * (100 + ROOM_PERCENT) // 100))
    return Advice(_verdict(suggestion, allowance), suggestion, tuple(_reasons(used, spread)))


def round_up(amount: int) -> int:
    """Return the smallest round number that is not less: 1 to 10, then 12, 15, 20, 25, 30, 40, 50, 60, 80."""
    if amount <= _ROUND[0]:
        return max(amount, 1)
    scale: int = 10 ** (len(str(amount)) - 2)
    return min(next(step for step in _ROUND if step * scale >= amount) * scale, LARGEST_QUANTITY)


def _verdict(suggestion: int, allowance: Quantity) -> Verdict:
    if not isinstance(allowance, int):
        return "cap"
    if suggestion == allowance:
        return "keep"
    return "raise" if suggestion > allowance else "lower"


def _reasons(used: Consumption, spread: Spread) -> Iterator[str]:
    yield (
        f"{_MOST_PERCENT} % of the {used.using:,} clients who use it stay within {spread.p95:,}; "
        f"{ROOM_PERCENT} % room above that, rounded up."
    )
    if used.full:
        stand = "client stands" if used.full == 1 else "clients stand"
        yield f"{used.full:,} {stand} at the cap already, so that the need may be larger than what is seen."


def _threshold(cap: int, percent: int) -> int:
    return max(-(-cap * percent // 100), 1)


class _Counting:
    """Percentiles by nearest rank, found while the amounts pass in order."""

    def __init__(self, clients: int) -> None:
        self._clients = clients
        self._idle = self._using = self._near = self._full = self._total = self._most = 0
        self._least: int | None = None
        self._found: dict[int, int] = {}

    def add(self, tally: Tally, cap: Quantity) -> None:
        """Count one tally; those of amount 0 come first."""
        if tally.amount <= 0:
            self._idle += tally.clients
            return
        self._using += tally.clients
        self._total += tally.amount * tally.clients
        self._most = tally.amount
        self._least = tally.amount if self._least is None else self._least
        if isinstance(cap, int):
            self._near += tally.clients if tally.amount >= _threshold(cap, NEAR_PERCENT) else 0
            self._full += tally.clients if tally.amount >= cap else 0
        for percent in _PERCENTS:
            if self._using * 100 >= (self._clients - self._idle) * percent:
                self._found.setdefault(percent, tally.amount)

    def result(self) -> Consumption:
        """Return what was counted."""
        if self._least is None:
            return Consumption(self._clients, 0)
        p50, p80, p95 = (self._found.get(percent, self._most) for percent in _PERCENTS)
        mean = self._total / self._using
        spread = Spread(self._least, p50, p80, p95, self._most, mean)
        return Consumption(self._clients, self._using, self._near, self._full, spread)
