"""What may block a plan. Every guard is waived only by its own `--allow GUARD:KEY`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from reconciler.model.packages import Share
from reconciler.model.plans import Action, GuardResult
from reconciler.planning.acknowledgements import acknowledged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import Change
    from reconciler.model.settings import Guards
    from reconciler.planning.pairing import Pair

GuardId = Literal[
    "empty_desired", "vanished", "archives", "adopt", "protected", "acknowledge", "clients_losing"
]
WHOLE_PLAN: Final = "*"
"""The key of a guard that speaks of the plan as a whole."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A change with what guards must know beside it.

    Attributes:
        losing: Clients who lose at least one thing with it.
    """

    change: Change
    pair: Pair
    losing: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """All that guards judge.

    Attributes:
        today: The day (UTC) at which acknowledgements count.
        protected: Keys that are protected, by the configuration or by the last apply.
        holders: Clients with an active subscription to any package.
        would_empty: Whether no file is left while the platform has managed packages.
    """

    changes: tuple[Assessed, ...]
    guards: Guards
    today: date
    allow: frozenset[str]
    protected: frozenset[str]
    holders: int
    would_empty: bool
    catalog: Catalog | None

    def allows(self, guard: GuardId, key: str) -> bool:
        """Whether `--allow GUARD:KEY` was given."""
        return f"{guard}:{key}" in self.allow

    def verdict(self, guard: GuardId, key: str, message: str) -> GuardResult:
        """Return a violation as blocked, or as allowed where its waiver was given."""
        result: Literal["allowed", "blocked"] = "allowed" if self.allows(guard, key) else "blocked"
        return GuardResult(id=guard, key=key, result=result, message=message)


def judged(case: Case) -> tuple[GuardResult, ...]:
    """Run every guard; results in the order of the guards, then by key."""
    return tuple(result for guard in _GUARDS for result in guard(case))


def blocked_keys(results: Iterable[GuardResult]) -> frozenset[str]:
    """Return the keys that some guard blocks."""
    return frozenset(result.key for result in results if result.result == "blocked")


def _empty_desired(case: Case) -> Iterator[GuardResult]:
    if case.would_empty:
        message = "There is no package file, so that every package of the platform would be archived."
        yield case.verdict("empty_desired", WHOLE_PLAN, message)


def _vanished(case: Case) -> Iterator[GuardResult]:
    for item in case.changes:
        holders = item.change.impact.holders
        if item.pair.is_vanished and item.change.action is Action.ARCHIVE and holders:
            message = f"The file of {item.change.key} is gone, but {_clients(holders)} hold the package."
            yield case.verdict("vanished", item.change.key, message)


def _archives(case: Case) -> Iterator[GuardResult]:
    archived = [item.change.key for item in case.changes if item.change.action is Action.ARCHIVE]
    counted = [key for key in archived if not case.allows("archives", key)]
    bound = case.guards.archives
    if bound == "unlimited" or len(archived) <= bound:
        return
    for key in archived:
        if key not in counted or len(counted) > bound:
            message = f"{len(archived)} packages would be archived at once; the bound is {bound}."
            yield case.verdict("archives", key, message)


def _adopt(case: Case) -> Iterator[GuardResult]:
    for item in case.changes:
        change = item.change
        if change.adopts and change.fields:
            message = (
                f"{change.key} was made by hand, and adopting it changes {_count(change.fields, 'field')}."
            )
            yield case.verdict("adopt", change.key, message)


def _protected(case: Case) -> Iterator[GuardResult]:
    for key in sorted(case.protected):
        severities = [item.change.severity for item in case.changes if item.pair.live_key == key]
        losses = [severity for severity in severities if severity.is_loss]
        if losses:
            worst = min(losses, key=lambda severity: severity.rank)
            message = f"{key} is protected, and this change of it is {worst}."
            yield case.verdict("protected", key, message)


def _acknowledge(case: Case) -> Iterator[GuardResult]:
    if case.guards.acknowledge == "never":
        return
    for item in case.changes:
        desired = item.pair.desired
        entries = desired.acknowledgements if desired else ()
        counts_kept = case.guards.acknowledge == "touching"
        for is_enough, message in acknowledged(
            item.change, entries, case.catalog, counts_kept=counts_kept, today=case.today
        ):
            if is_enough:
                yield GuardResult(id="acknowledge", key=item.change.key, result="passed", message=message)
            else:
                yield case.verdict("acknowledge", item.change.key, message)


def _clients_losing(case: Case) -> Iterator[GuardResult]:
    losing = [item for item in case.changes if item.losing and item.change.action is Action.REASSIGN]
    counted = sum(item.losing for item in losing if not case.allows("clients_losing", item.change.key))
    total = sum(item.losing for item in losing)
    for item in losing:
        is_allowed = case.allows("clients_losing", item.change.key)
        if _exceeds(total if is_allowed else counted, case):
            message = (
                f"{_clients(item.losing)} would lose something with this apply ({total:,} in all); "
                f"the bound is {_bound(case)}."
            )
            yield case.verdict("clients_losing", item.change.key, message)


_GUARDS: Final[tuple[Callable[[Case], Iterator[GuardResult]], ...]] = (
    _empty_desired,
    _vanished,
    _archives,
    _adopt,
    _protected,
    _acknowledge,
    _clients_losing,
)


def _exceeds(losing: int, case: Case) -> bool:
    match case.guards.clients_losing:
        case Share(percent):
            return losing * 100 > percent * case.holders
        case "unlimited":
            return False
        case number:
            return losing > number


def _bound(case: Case) -> str:
    bound = case.guards.clients_losing
    return f"{bound} of {case.holders:,}" if isinstance(bound, Share) else f"{bound:,}"


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count:,} clients"


def _count(items: tuple[object, ...], noun: str) -> str:
    return f"1 {noun}" if len(items) == 1 else f"{len(items)} {noun}s"
