"""What may block a plan. Every guard is waived only by its own `--allow GUARD:KEY`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.english import agreed, counted, instant
from reconciler.model.losses import Bounds, Lately
from reconciler.model.packages import Share
from reconciler.model.plans import WHOLE_PLAN, Action, GuardResult
from reconciler.planning.acknowledgements import entries_of
from reconciler.planning.impact import Owed, telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date, datetime

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import Change
    from reconciler.model.settings import Bound, Guards
    from reconciler.model.terms import Code, Term
    from reconciler.planning.acknowledgements import Stated
    from reconciler.planning.impact import Consequences
    from reconciler.planning.pairing import Pair

GuardId = Literal[
    "empty_desired", "after", "vanished", "archives", "adopt", "protected", "acknowledge", "clients_losing"
]
LOSSES_COUNT_FOR: Final = timedelta(hours=23)
"""For so long a loss counts with those of an apply: a little less than from one day's apply to the next."""
_HOURS: Final = LOSSES_COUNT_FOR // timedelta(hours=1)


class Assessed(Struct, frozen=True):
    """A change with what guards must know beside it.

    Attributes:
        consequences: What it does to holders.
        owed: The losses that the package's file must state as intended.
        again: Of those who lose something now, clients who lost something in the last hours as well.
        restored: Clients who lost something in the last hours, all of which this gives back.
    """

    change: Change
    pair: Pair
    consequences: Consequences
    owed: tuple[Owed, ...] = ()
    again: int = 0
    restored: int = 0


class Promotion(Struct, frozen=True):
    """What another environment must have seen before.

    Attributes:
        environment: Its name.
        commit: What is to be applied here; None where git does not say.
        is_recorded: Whether a run of the other environment is of this commit.
        is_read: Whether the other environment's platform could be asked.
    """

    environment: str
    commit: str | None
    is_recorded: bool = False
    is_read: bool = False


class Case(Struct, frozen=True):
    """All that guards judge.

    Attributes:
        guards: Of each the stricter one: as the last apply recorded it, or as the files have it.
        today: The day (UTC) at which acknowledgements count.
        holders: Clients with an active subscription to any package.
        lost: Clients who lost anything in the last hours.
        goes_on: When so few of them count that the plan passes; None where it never does, or now.
        after: What must have been applied elsewhere before; None where nothing must.
        by_hand: Whether it is about one client alone, and a hand could do the same unjudged (rule 16).
        would_empty: Whether no file is left while the platform has managed packages.
    """

    changes: tuple[Assessed, ...]
    guards: Guards
    today: date
    allow: frozenset[str]
    holders: int
    lost: int
    would_empty: bool
    catalog: Catalog | None
    goes_on: datetime | None = None
    after: Promotion | None = None
    by_hand: bool = False

    def allows(self, guard: GuardId, key: str) -> bool:
        """Whether `--allow GUARD:KEY` was given."""
        return f"{guard}:{key}" in self.allow

    def verdict(self, guard: GuardId, key: str, message: str, advice: str = "") -> GuardResult:
        """Return a violation as blocked, or as allowed where its waiver was given."""
        result: Literal["allowed", "blocked"] = "allowed" if self.allows(guard, key) else "blocked"
        return GuardResult(id=guard, key=key, result=result, message=message, advice=advice)


class GuardRow(Struct, frozen=True):
    """One guard.

    Attributes:
        judge: Yields what it says of a case.
        example: What to write or to type.
        advice: What to do about it beside waiving it; empty where the guard's own words say so.
    """

    id: GuardId
    judge: Callable[[Case], Iterator[GuardResult]]
    title: str
    explanation: str
    example: str
    advice: str = ""


def judged(case: Case) -> tuple[GuardResult, ...]:
    """Run every guard; results in the order of the guards, then by key."""
    return tuple(result for guard in GUARDS for result in guard.judge(case))


def _empty_desired(case: Case) -> Iterator[GuardResult]:
    if case.would_empty:
        message = "There is no package file, so that every package of the platform would be archived."
        yield case.verdict("empty_desired", WHOLE_PLAN, message)


def _after(case: Case) -> Iterator[GuardResult]:
    before = case.after
    if before is None or before.is_recorded:
        return
    if not before.is_read:
        message = f"Whether {before.environment} has this commit could not be asked here."
    elif before.commit is None or before.commit.endswith("-dirty"):
        message = f"What is here is no commit that {before.environment} could have."
    else:
        message = f"{before.environment} has not applied the commit {before.commit[:12]} yet."
    yield case.verdict("after", WHOLE_PLAN, message)


def _vanished(case: Case) -> Iterator[GuardResult]:
    for item in case.changes:
        impact = item.change.impact
        held = _held_by(impact.holders or 0, impact.suspended or 0)
        if item.pair.is_vanished and item.change.action is Action.ARCHIVE and held:
            message = f"The file of {item.change.key} is gone, but {held}."
            yield case.verdict("vanished", item.change.key, message)


def _archives(case: Case) -> Iterator[GuardResult]:
    archived = [item.change.key for item in case.changes if item.change.action is Action.ARCHIVE]
    unwaived = [key for key in archived if not case.allows("archives", key)]
    bound = case.guards.archives
    if bound == "unlimited" or len(archived) <= bound:
        return
    for key in archived:
        if key not in unwaived or len(unwaived) > bound:
            message = f"{counted(len(archived), 'package')} would be archived at once; the bound is {bound}."
            fewer = "archive fewer packages at once, or " if bound else ""
            yield case.verdict("archives", key, message, _raising("archives", len(unwaived), fewer))


def _adopt(case: Case) -> Iterator[GuardResult]:
    for item in case.changes:
        change = item.change
        if change.adopts and change.fields:
            fields = counted(len(change.fields), "field")
            message = f"{change.key} was made by hand, and adopting it changes {fields}."
            yield case.verdict("adopt", change.key, message)


def _protected(case: Case) -> Iterator[GuardResult]:
    for key in case.guards.protected:
        severities = [item.change.severity for item in case.changes if item.pair.live_key == key]
        losses = [severity for severity in severities if severity.is_loss]
        if losses:
            worst = min(losses, key=lambda severity: severity.rank)
            message = f"{key} is protected, and this change of it is {worst}."
            yield case.verdict("protected", key, message)


def _acknowledge(case: Case) -> Iterator[GuardResult]:
    for key, stated in stated_in(case):
        judged_ = case.verdict("acknowledge", key, stated.message)
        passed = {"result": "passed"} if stated.entry else {}
        yield judged_.model_copy(update={"about": stated.about, **passed})


def stated_in(case: Case) -> Iterator[tuple[str, Stated]]:
    """Yield each loss that must be stated, or is, with the key of its package."""
    is_asked = case.guards.acknowledge != "never"
    for key, items in by_package(case.changes).items():
        if not any(item.owed for item in items):
            continue
        entries = entries_of(key, items[0].pair.desired, case.catalog, case.today)
        for each in entries.judged(owed_by(items), counts_kept=case.guards.acknowledge == "touching"):
            if is_asked or each.entry:
                yield key, each


def by_package(changes: Iterable[Assessed]) -> dict[str, list[Assessed]]:
    """Return the changes of each package."""
    found: dict[str, list[Assessed]] = {}
    for item in changes:
        found.setdefault(item.change.key, []).append(item)
    return found


def speaking(items: Iterable[Assessed]) -> tuple[Assessed, ...]:
    """Return which changes of a package speak of different clients, so that their counts add up."""
    found = tuple(items)
    if len(found) == 1:
        return found
    told = telling(item.change for item in found)
    return tuple(item for item in found if item.change in told)


def owed_by(items: Iterable[Assessed]) -> tuple[Owed, ...]:
    """Return what the changes of one package must state, each loss once, whoever of them brings it about."""
    found: dict[tuple[Code, Term], Owed] = {}
    for each in (each for item in speaking(items) for each in item.owed):
        known = found.get((each.code, each.term), replace(each, lose=0, keep=0, later=0, again=0))
        found[each.code, each.term] = replace(
            known,
            lose=known.lose + each.lose,
            keep=known.keep + each.keep,
            later=known.later + each.later,
            again=known.again + each.again,
        )
    return tuple(found.values())


def _clients_losing(case: Case) -> Iterator[GuardResult]:
    losing = {key: _losing(items) for key, items in by_package(case.changes).items()}
    lost = case.lost - sum(item.restored for item in case.changes)
    total = lost + sum(clients - again for clients, again in losing.values())
    unwaived, most = total - _waived(case, losing), _most_losing(case)
    for key, (clients, _) in losing.items():
        if clients and most is not None and most < (total if _is_waived(case, key) else unwaived):
            message, advice = _lost_too_many(total, case), _how_to_lose_fewer(case, losing, unwaived)
            yield case.verdict("clients_losing", key, message, advice)


def room_for_earlier_losses(case: Case) -> int | None:
    """Return how many clients may have lost something before, so that the plan passes; None: any number."""
    losing = {key: _losing(items) for key, items in by_package(case.changes).items()}
    unwaived = sum(clients for key, (clients, _) in losing.items() if not _is_waived(case, key))
    most = _most_losing(case)
    return None if most is None or not unwaived else most - unwaived


def _how_to_lose_fewer(case: Case, losing: Mapping[str, tuple[int, int]], needed: int) -> str:
    most = _most_losing(case) or 0
    if case.goes_on:
        day = instant(case.goes_on + timedelta(minutes=1))
        fewer = f"apply it from {day} on, when enough of the earlier losses no longer count, or "
    elif (
        most
        and sum(clients for clients, _ in losing.values()) > most
        and any(map(_is_divisible, case.changes))
    ):
        fewer = f"move at most {counted(most, 'client')} at once (`rollout: {{per_run: {most}}}`), or "
    else:
        fewer = ""
    return _raising("clients_losing", needed, fewer)


def _is_divisible(item: Assessed) -> bool:
    """Whether a rollout of the files moves clients who may as well move one by one."""
    moves, desired = item.change.reassignment, item.pair.desired
    is_of_files = moves and moves.to_revision is None and desired and desired.rollout.only is None
    return bool(is_of_files and moves and moves.clients > 1)


def _raising(guard: GuardId, needed: int, instead: str) -> str:
    text = f"{instead}write `guards: {{{guard}: {needed}}}` under the environment in reconciler.yaml, "
    return f"{text[:1].upper()}{text[1:]}and apply that on its own first: it counts from the next run on."


def _is_waived(case: Case, key: str) -> bool:
    return case.allows("clients_losing", key)


def _waived(case: Case, losing: Mapping[str, tuple[int, int]]) -> int:
    return sum(clients - again for key, (clients, again) in losing.items() if _is_waived(case, key))


def bounds_of(case: Case, at: datetime) -> Bounds:
    """Return by what the guards let losses pass: it must still hold when the plan is applied."""
    losing = {key: _losing(items) for key, items in by_package(case.changes).items()}
    most = _most_losing(case)
    is_bounded = any(clients and not _is_waived(case, key) for key, (clients, _) in losing.items())
    return Bounds(
        entries=tuple(stated.entry for _, stated in stated_in(case) if stated.entry),
        lately=Lately(at - LOSSES_COUNT_FOR, most + _waived(case, losing))
        if is_bounded and most is not None
        else None,
    )


def _lost_too_many(total: int, case: Case) -> str:
    earlier = bool(case.lost)
    return too_many_losing(total, "this apply", case.guards.clients_losing, case.holders, earlier=earlier)


def too_many_losing(total: int, what: str, bound: Bound, holders: int, *, earlier: bool) -> str:
    """Say that more clients would lose something than the bound; `earlier`: some did in the hours before."""
    when = f" and the {_HOURS} hours before" if earlier else ""
    most = counted(most_losing(bound, holders) or 0, "client")
    said = f"{bound} of {holders:,}, which is {most}" if isinstance(bound, Share) else most
    return f"{counted(total, 'client')} would lose something with {what}{when}; the bound is {said}."


def _losing(items: list[Assessed]) -> tuple[int, int]:
    """Return how many lose something now, and how many of them lost something in the last hours."""
    told = speaking(items)
    return sum(item.change.impact.clients_losing or 0 for item in told), sum(item.again for item in told)


GUARDS: Final = (
    GuardRow(
        "empty_desired",
        _empty_desired,
        "No package file is left",
        "Without a package file, every managed package of the platform would be archived. That is nearly "
        "always a wrong path or an empty checkout, so that the whole plan is blocked, however few packages "
        "there are.",
        "--allow 'empty_desired:*'",
        advice="Check that the packages folder is the right one.",
    ),
    GuardRow(
        "after",
        _after,
        "The commit was not applied elsewhere first",
        "An environment with `after: staging` takes a commit only once a run of staging has recorded it; an "
        "apply with nothing to do records its commit too. Uncommitted edits are no commit. Rollbacks and "
        "moves by hand are exempt.",
        "after: staging        # reconciler.yaml, of an environment\n--allow 'after:*'",
        advice="Commit, and apply the same commit there first.",
    ),
    GuardRow(
        "vanished",
        _vanished,
        "The file of a package with holders is gone",
        "Packages are archived, never deleted. A file that is removed says so only while nobody holds the "
        "package; where clients hold it, write `archived: true` into the file, so that the intent is "
        "committed and can be acknowledged.",
        "archived: true        # in the package file, brought back\n--allow vanished:KEY",
        advice=(
            "Put the file back with `archived: true`; or, if it has another name now, write `renamed_from` "
            "there."
        ),
    ),
    GuardRow(
        "archives",
        _archives,
        "Many packages archived at once",
        "One apply archives at most this many packages; the default is 1. A waiver takes its package out of"
        " the count. `unlimited` turns the guard off.",
        "guards: {archives: 3}        # reconciler.yaml, per environment\n--allow archives:KEY",
    ),
    GuardRow(
        "adopt",
        _adopt,
        "A package made by hand would change",
        "A file whose key is that of a package made by hand on the platform adopts it. That is blocked "
        "unless nothing would change: look at what differs, or bring the file in line with the platform "
        "first.",
        "--allow adopt:KEY",
        advice="Make the file say what the platform has.",
    ),
    GuardRow(
        "protected",
        _protected,
        "A protected package would get worse",
        "No breaking or restricting change of a protected package passes. Taking a key off the list is a "
        "change of its own, which counts from the next run on.",
        "guards: {protected: [premium]}        # reconciler.yaml, per environment\n--allow protected:KEY",
        advice="Take the key out of `protected` in reconciler.yaml and apply that first.",
    ),
    GuardRow(
        "acknowledge",
        _acknowledge,
        "A loss that nobody has stated is intended",
        "With `losing`, the default, everything that clients lose with this apply needs an entry in the "
        "package file that names it exactly, with a bound on the clients who ever lose it, a reason and a "
        "last day. "
        "With `touching`, so does what holders merely keep; with `never`, nothing does. The bound is "
        "a total over all runs, counted by the platform, and checked again when the plan is applied.",
        "acknowledge:\n"
        "  - removes: audio_call\n"
        "    clients: 12\n"
        "    reason: Clients were told on 1 November.\n"
        "    until: 2026-12-31\n"
        "--allow acknowledge:KEY",
    ),
    GuardRow(
        "clients_losing",
        _clients_losing,
        "Many clients lose something at once",
        "At most this many clients (or this share of all clients with an active subscription) lose "
        "something with one apply and within the 23 hours before it, each counted once; the default is 5%. "
        "Whom a rollback restored does not count. Move clients in steps with `per_run`, or raise the bound, "
        "which counts from the next run on. A waiver takes its package's clients out of the count.",
        "guards: {clients_losing: 10%}        # reconciler.yaml; or a number, or unlimited\n"
        "--allow clients_losing:KEY",
    ),
)
"""Every guard, in the order in which they judge."""


def _most_losing(case: Case) -> int | None:
    return None if case.by_hand else most_losing(case.guards.clients_losing, case.holders)


def most_losing(bound: Bound, holders: int) -> int | None:
    """Return how many of so many holders may lose something; None: all of them."""
    match bound:
        case Share(percent):
            return percent * holders // 100
        case "unlimited":
            return None
        case number:
            return number


def _held_by(holders: int, suspended: int) -> str:
    """Say who holds a package; empty where nobody does."""
    named = holders or suspended
    if not named:
        return ""
    beside = f", and {suspended:,} more while suspended" if holders and suspended else ""
    while_ = "" if holders else " while suspended"
    return f"{counted(named, 'client')} {agreed(named, 'holds', 'hold')} the package{beside or while_}"
