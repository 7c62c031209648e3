"""Who lost what, client by client, by the terms themselves and not by the table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date, datetime

    from reconciler.model.packages import Definition
    from reconciler.model.terms import LossVerb
    from tests.contract.world import Holder, Moved, World

UNLIMITED = 2**60


class Stated(NamedTuple):
    """An entry that was applied: the package itself, since its key may change."""

    verb: LossVerb
    term: str
    since_run: int
    since_revision: int
    clients: int
    until: date
    is_spent: bool = False

    def is_same(self, other: Stated) -> bool:
        """Whether both name the same, of which one may leave the section out."""
        (*ours, key), (*theirs, other_key) = self.term.split("/"), other.term.split("/")
        is_one = ours == theirs or not (ours and theirs)
        return (self.verb, key) == (other.verb, other_key) and is_one

    def edited(self, other: Stated) -> Stated:
        is_edited = (self.clients, self.until) != (other.clients, other.until)
        return self._replace(
            term=max(self.term, other.term, key=len),
            clients=other.clients,
            until=other.until,
            is_spent=self.is_spent and not is_edited,
        )


def takes(  # noqa: PLR0913, PLR0917 - what a move is
    world: World,
    entry: Stated,
    sides: tuple[Definition, Definition],
    start: datetime,
    at: datetime,
    spared: Collection[str] = (),
) -> bool:
    """Whether moving at `at` between two definitions takes from who started then what an entry names."""
    taken = set(losses_of(sides, start, at))
    if "subscriptions" in spared and ("ends", "subscriptions") in taken:
        taken = taken - {("ends", "subscriptions")} | {("shortens", "expiry")}
    feature = features_of(world).get(entry.term.removeprefix("limits/"))
    goes_along = entry.verb == "removes" and ("removes", f"features/{feature}") in taken
    goes_along = goes_along and f"features/{feature}" not in spared
    is_limit = entry.term.startswith("limits/")
    return (entry.verb, entry.term) in taken and not (is_limit and goes_along)


def features_of(world: World) -> dict[str, str | None]:
    """The feature that each limit goes with, or went with in a catalog of before."""
    former = [term for run in world.runs for term in run.catalog if term["path"].startswith("/limits/")]
    found = {term["path"].removeprefix("/limits/"): (term["from"] or {}).get("feature") for term in former}
    live = world.catalog.limits if world.catalog else {}
    return found | {key: limit.feature for key, limit in live.items()}


def takes_anything(move: Moved, at: datetime) -> bool:
    """Whether it takes anything."""
    return move.ended or any(True for _ in felt(sides_of(move), move.start, at, move.spared))


def felt(
    sides: tuple[Definition, Definition], start: datetime, at: datetime, spared: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """What it takes of who keeps some of it; who keeps its whole end does not see it end either."""
    kept = {*spared, "subscriptions"} if "expiry" in spared else {*spared} - {"subscriptions"}
    yield from (each for each in losses_of(sides, start, at) if each[1] not in kept)


def losses_of(
    sides: tuple[Definition, Definition], start: datetime, at: datetime
) -> Iterator[tuple[str, str]]:
    before, after = sides
    yield from (("removes", f"features/{key}") for key in set(before.features) - set(after.features))
    for key, amount in before.limits.items():
        if key not in after.limits:
            yield "removes", f"limits/{key}"
        elif _number(after.limits[key]) < _number(amount):
            yield "lowers", f"limits/{key}"
    for key, amount in before.caps.items():
        if _number(after.caps.get(key, 0)) < _number(amount):
            yield "lowers", key
    old, new = (each.expiry.after(start) if each.expiry else None for each in sides)
    if new is not None and (old is None or new < old):
        yield ("ends", "subscriptions") if new <= at else ("shortens", "expiry")


def is_narrower(after: Definition, before: Definition) -> bool:
    """Whether somebody could be assigned it before and cannot after, as far as the patterns tell."""
    if after.allowed_emails is None:
        return False
    return before.allowed_emails is None or not set(before.allowed_emails) <= set(after.allowed_emails)


def _number(amount: object) -> int:
    return UNLIMITED if amount == "unlimited" else int(str(amount))


def sides_of(move: Moved) -> tuple[Definition, Definition]:
    return move.package.revisions[move.from_revision - 1], move.package.revisions[move.to_revision - 1]


def was_restored(holder: Holder, move: Moved) -> bool:
    """Whether a later run took the move back."""
    back = (move.package, move.to_revision, move.from_revision)
    return any(
        each.run > move.run and (each.package, each.from_revision, each.to_revision) == back
        for each in holder.moved
    )


def lost_under(
    world: World, package: object, entry: Stated, among: Iterable[Holder]
) -> Iterator[tuple[Holder, Moved]]:
    for holder in among:
        for move in holder.moved:
            if move.package is package and move.run >= entry.since_run:
                at = world.runs[move.run - 1].at
                is_spared = entry.term in move.spared
                if takes(world, entry, sides_of(move), move.start, at, move.spared) and not is_spared:
                    yield holder, move


def distinct(found: Iterable[tuple[Holder, Moved]]) -> int:
    return len({id(holder) for holder, _ in found})
