"""Who moves to the current revision in this plan, for packages whose rollout says `reassign`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.packages import RevisionRef, Rollout, Share
from reconciler.model.plans import Reach, Reassignment, WaitingStep
from reconciler.model.questions import (
    AssignedIn,
    ClientQuestion,
    Condition,
    EndedToo,
    HeldSince,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from reconciler.model.packages import Definition, Pace
    from reconciler.planning.drafts import Draft
    from reconciler.planning.facts import Facts
    from reconciler.planning.pairing import Pair, Return

_FARTHEST: Final = 36_500
"""So many days ahead a rollout is looked at."""


class Candidate(Struct, frozen=True):
    """A package some of whose holders are on other revisions than its rollout wants.

    Attributes:
        target: What they move to.
        to_revision: Number of the target where it is an older revision; None for the current one.
        returning_from: Id of the run whose reassignments are taken back.
        reach: How the target comes to them: where the platform keeps no snapshots, without being asked.
        sources: Revisions that they leave, sorted.
        settled: The revision that needs no move; empty where the plan mints a new one.
    """

    pair: Pair
    rollout: Rollout
    target: Definition
    sources: tuple[int, ...]
    settled: tuple[int, ...] = ()
    to_revision: int | None = None
    returning_from: int | None = None
    reach: Reach = Reach.ON_REASSIGN

    @property
    def id(self) -> tuple[str, int | None]:
        """Key of the package, and the revision moved to."""
        return self.pair.key, self.to_revision

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What a holder must meet to be moved: not excluded, and allowed to have the package (rule 5).

        Whoever returns to what it held before was allowed to; where the platform keeps no snapshots, the
        edit asks nobody.
        """
        if self._asks_nobody:
            return ()
        if self.returning_from is not None and self.to_revision is not None:
            return (HeldSince(self.returning_from, self.to_revision),)
        return (*self._excluding, *self._allowing)

    @property
    def moving(self) -> tuple[Condition, ...]:
        """The same of whoever moves: a rollback brings back subscriptions that have ended as well."""
        return self.conditions if self.returning_from is None else (*self.conditions, EndedToo())

    def waits_for(self, at: datetime) -> date | None:
        """Return the day of the next step to the same revision; None where it may be now."""
        head = self.pair.head if self.settled else None
        return self.rollout.pace.waits_for(head.stepped_at if head else None, at)

    @property
    def pace(self) -> Pace | None:
        """The pace of the rollout; None for moves by hand and rollbacks, which are no steps of one."""
        is_asked_for = self.returning_from is not None or self.rollout.only is not None or self._asks_nobody
        return None if is_asked_for else self.rollout.pace

    @property
    def eligible(self) -> ClientQuestion:
        """Ask who could move."""
        return ClientQuestion(self.pair.live_key, self.sources, self.moving)

    @property
    def arrived(self) -> ClientQuestion:
        """Ask who need not move any more; with the eligible ones, what a share is a share of."""
        return ClientQuestion(self.pair.live_key, self.settled, self.conditions)

    @property
    def excluded(self) -> ClientQuestion:
        """Ask whom the rollout leaves where they are."""
        return ClientQuestion(self.pair.live_key, self.sources, (OneOf(self.rollout.exclude),))

    @property
    def not_allowed(self) -> ClientQuestion:
        """Ask who stays since the e-mail list does not have them."""
        outside = OwnerNotIn(self.target.allowed_emails or ())
        return ClientQuestion(self.pair.live_key, self.sources, (*self._excluding, outside))

    def questions(self) -> Iterator[ClientQuestion]:
        """Return all that must be known to size the step."""
        yield from (self.eligible, self.arrived)
        if self.rollout.exclude:
            yield self.excluded
        if self._gates:
            yield self.not_allowed

    def size(self, facts: Facts) -> int:
        """Return how many clients this step moves at most; 0 where nobody is eligible."""
        eligible = facts.count(self.eligible)
        match self.rollout.per_run:
            case None:
                return eligible
            case Share() as share:
                return min(eligible, share.of(eligible + facts.count(self.arrived)))
            case number:
                return min(eligible, number)

    def reassignment(self, facts: Facts, size: int) -> Reassignment:
        """Return what is known of the move beside whom it takes along."""
        return Reassignment(
            clients=size,
            to_revision=self.to_revision,
            excluded=facts.count(self.excluded) if self.rollout.exclude else 0,
            not_allowed=facts.count(self.not_allowed) if self._gates else 0,
        )

    @property
    def _gates(self) -> bool:
        is_new = self.returning_from is None and not self._asks_nobody
        return self.target.allowed_emails is not None and is_new

    @property
    def _asks_nobody(self) -> bool:
        return self.reach is not Reach.ON_REASSIGN

    @property
    def _excluding(self) -> tuple[Condition, ...]:
        excluding = (NotOneOf(self.rollout.exclude),) if self.rollout.exclude else ()
        return excluding if self.rollout.only is None else (*excluding, OneOf(self.rollout.only))

    @property
    def _allowing(self) -> tuple[Condition, ...]:
        emails = self.target.allowed_emails
        return () if emails is None else (OwnerIn(emails),)


class Step(Struct, frozen=True):
    """The part of a candidate's holders that moves in this plan.

    Attributes:
        size: How many.
        through: Id of the last one; None where all that are eligible move.
        remaining: How many are left for later steps.
    """

    candidate: Candidate
    size: int
    through: str | None = None
    remaining: int = 0

    @property
    def id(self) -> tuple[str, int | None]:
        """Key of the package, and the revision moved to."""
        return self.candidate.id

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What an active holder of the candidate's sources must meet to be in the step."""
        return (*self.candidate.conditions, *self._cut)

    @property
    def movers(self) -> tuple[ClientQuestion, ...]:
        """Ask who moves, per revision that is left."""
        key, moving = self.candidate.pair.live_key, (*self.candidate.moving, *self._cut)
        return tuple(ClientQuestion(key, (number,), moving) for number in self.candidate.sources)

    def questions(self, at: datetime) -> Iterator[ClientQuestion]:
        """Return all that must be known to show the step."""
        yield from (*self.movers, *self._going_on(at))

    def resumed(self, facts: Facts) -> int:
        """Count those whose subscription is over and goes on."""
        return sum(
            sign * facts.count(each) for sign, each in zip((1, -1), self._going_on(facts.at), strict=False)
        )

    def _going_on(self, at: datetime) -> tuple[ClientQuestion, ...]:
        """Ask who is active after a rollback: of all who move, and of those who are so now."""
        candidate, expiry = self.candidate, self.candidate.target.expiry
        if candidate.returning_from is None:
            return ()
        after = () if expiry is None else (AssignedIn(expiry.running_starts(at)),)
        both = (*candidate.moving, *after), (*candidate.conditions, *after)
        return tuple(ClientQuestion(candidate.pair.live_key, candidate.sources, each) for each in both)

    @property
    def _cut(self) -> tuple[Condition, ...]:
        return () if self.through is None else (UpTo(self.through),)

    def reassignment(self, facts: Facts) -> Reassignment:
        """Return the step as the plan shows it."""
        counts = {str(question.revisions[0]): facts.count(question) for question in self.movers}
        left = {number: count for number, count in counts.items() if count}
        known = self.candidate.reassignment(facts, self.size)
        return known.model_copy(
            update={
                "from_revisions": left,
                "through": self.through,
                "remaining": self.remaining,
                "resumed": self.resumed(facts),
            }
        )

    def last_at(self, at: datetime) -> datetime:
        """Return the earliest instant of the last step, if this one is at `at`."""
        days = self.candidate.rollout.pace.every * -(-self.remaining // self.size)
        return at + timedelta(days=min(days, _FARTHEST))


def candidates(pairs: Iterable[Pair], drafts: Mapping[str, Draft], facts: Facts) -> tuple[Candidate, ...]:
    """Return the packages whose holders a rollout would move, by key."""
    found = (_candidate(pair, drafts.get(pair.key), facts) for pair in pairs if has_rollout(pair))
    return tuple(candidate for candidate in found if candidate.sources)


def following(drafts: Iterable[Draft], facts: Facts, reach: Reach) -> tuple[Candidate, ...]:
    """Return the packages whose edit comes to all who hold them: the platform keeps no snapshots."""
    return tuple(
        Candidate(
            pair=draft.pair,
            rollout=Rollout(existing_clients="reassign"),
            target=draft.after,
            sources=tuple(sorted({*facts.holdings.get(draft.pair.live_key, {}), draft.pair.head.revision})),
            reach=reach,
        )
        for draft in drafts
        if draft.pair.head is not None and draft.mints_revision
    )


def returning(returns: Iterable[Return], facts: Facts) -> tuple[Candidate, ...]:
    """Return the reassignments that a rollback takes back: one per package and revision returned to."""
    to_same: dict[tuple[str, int], list[Return]] = {}
    for each in returns:
        to_same.setdefault((each.pair.live_key, each.moved.from_revision), []).append(each)
    return tuple(
        Candidate(
            pair=group[0].pair,
            rollout=Rollout(),
            target=facts.definitions[RevisionRef(live_key, revision)],
            sources=tuple(sorted({each.moved.to_revision for each in group})),
            to_revision=revision,
            returning_from=group[0].run,
        )
        for (live_key, revision), group in to_same.items()
    )


def waiting(due: Iterable[Candidate], facts: Facts) -> Iterator[WaitingStep]:
    """Return the step of each rollout that waits for its day: the next one, or the one after this plan's."""
    for each in sorted(due, key=lambda each: each.pair.key):
        pace, size = each.rollout.pace, each.size(facts)
        first = each.waits_for(facts.at)
        left = facts.count(each.eligible) - (0 if first else size)
        day = first or pace.waits_for(facts.at, facts.at)
        if left and day:
            every = None if day == pace.not_before else pace.every
            yield WaitingStep(key=each.pair.key, clients=min(left, size), day=day, every=every)


def has_rollout(pair: Pair) -> bool:
    """Whether the package's file asks for its holders to be moved."""
    desired = pair.desired
    wants = desired is not None and desired.rollout.existing_clients == "reassign" and not desired.archived
    return wants and pair.head is not None


def _candidate(pair: Pair, draft: Draft | None, facts: Facts) -> Candidate:
    if pair.desired is None or pair.head is None or pair.current is None:
        raise AssertionError(pair)
    target = draft.after if draft else facts.definitions[pair.current]
    held = {*facts.holdings.get(pair.live_key, {}), pair.head.revision}
    settled = set() if draft and draft.mints_revision else {pair.head.revision}
    return Candidate(
        pair=pair,
        rollout=pair.desired.rollout,
        target=target,
        sources=tuple(sorted(held - settled)),
        settled=tuple(settled),
    )
