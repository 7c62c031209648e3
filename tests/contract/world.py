"""What the fake platform keeps, and the rules on it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.changesets import PackageState
from reconciler.model.clients import Client, Subscription, entitlements_of, subscription_status
from reconciler.model.emails import normal_email
from reconciler.model.grants import with_grants
from reconciler.model.packages import PackageHead
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.model.questions import (
    AfterMove,
    AnyOf,
    AssignedIn,
    EndedToo,
    ExtendedBeyond,
    GrantEnds,
    HeldSince,
    LengthenedIn,
    LostSince,
    LostUnder,
    NotExtendedBeyond,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    ShortenedIn,
    UpTo,
    UsesBeyond,
    UsesMoreThan,
)

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import Parked, Run
    from reconciler.model.clients import ClientStatus
    from reconciler.model.events import Event
    from reconciler.model.grants import Grant
    from reconciler.model.packages import Definition
    from reconciler.model.questions import Condition
    from reconciler.model.settings import Guards
    from tests.contract.losing import Stated


@dataclass
class Package:
    key: str
    revisions: list[Definition]
    archived: bool
    managed: bool
    minted: list[datetime]
    version: int = 1
    applied_digest: str | None = None
    applied_archived: bool = False
    stepped_at: datetime | None = None
    entries: dict[tuple[str, str], Stated] = field(default_factory=dict)

    @property
    def current(self) -> Definition:
        return self.revisions[-1]

    def outdated_since(self, revision: int) -> datetime:
        """When the first later revision had other terms."""
        mine = granted(self.revisions[revision - 1])
        later = zip(self.revisions[revision:], self.minted[revision:], strict=True)
        return next(minted for definition, minted in later if granted(definition) != mine)

    @property
    def head(self) -> PackageHead:
        return PackageHead(
            key=self.key,
            revision=len(self.revisions),
            version=self.version,
            digest=self.current.digest,
            title=self.current.title,
            archived=self.archived,
            managed=self.managed,
            applied_digest=self.applied_digest,
            applied_archived=self.applied_archived,
            stepped_at=self.stepped_at,
        )

    def note_apply(self) -> None:
        self.applied_digest, self.applied_archived = self.current.digest, self.archived


@dataclass(frozen=True)
class Moved:
    run: int
    package: Package
    from_revision: int
    to_revision: int
    start: datetime
    spared: frozenset[str] = frozenset()
    """Terms of which the client kept as much by grants, and what its extension left as it was."""
    ended: bool = False
    """Whether the client has less of anything only since a grant ended with the move."""


@dataclass
class Given:
    """A grant, and the cycle, assignment and revision of the client when it was given."""

    grant: Grant
    cycle: int
    assignment: int
    revision: int

    def has_ended(self, holder: Holder, at: datetime) -> bool:
        match self.grant.until:
            case "cycle":
                return self.cycle != holder.cycle
            case "subscription":
                return self.assignment != holder.assignment
            case "reassigned":
                return (self.assignment, self.revision) != (holder.assignment, holder.revision)
            case end:
                return end <= at

    def was_given_on(self, revision: int | None) -> bool:
        return self.grant.until == "reassigned" and self.revision == revision

    def may_count(self, holder: Holder, at: datetime) -> bool:
        """Whether it counts, or would again once the client is back on the revision on which it was given."""
        return not self.has_ended(dataclasses.replace(holder, revision=self.revision), at)


@dataclass
class Holder:
    id: str
    name: str
    owner_email: str
    status: ClientStatus
    users: int
    package: Package
    revision: int
    assigned_at: datetime
    usage: dict[str, int] = field(default_factory=dict)
    moved: list[Moved] = field(default_factory=list)
    extended_to: datetime | None = None
    grants: list[Given] = field(default_factory=list)
    cycle: int = 0
    assignment: int = 0

    @property
    def snapshot(self) -> Definition:
        return self.package.revisions[self.revision - 1]

    @property
    def is_outdated(self) -> bool:
        mine, current = self.snapshot, self.package.current
        ends = [self.end_by(each) for each in (mine, current)]
        return granted(replace(mine, expiry=current.expiry)) != granted(current) or ends[0] != ends[1]

    @property
    def expires_at(self) -> datetime | None:
        return self.end_by(self.snapshot)

    def end_by(self, definition: Definition) -> datetime | None:
        own = None if definition.expiry is None else definition.expiry.after(self.assigned_at)
        return own and max(own, self.extended_to or own)

    def granted(self, at: datetime) -> tuple[Grant, ...]:
        """What it has beside its package, each as far as it has not ended."""
        kept = [each.grant for each in self.grants if not each.has_ended(self, at)]
        return tuple(sorted(kept, key=lambda each: (each.term, each.granted_at, each.id)))

    def is_active(self, at: datetime) -> bool:
        return self.status == "active" and (self.expires_at is None or self.expires_at > at)

    def seen(self, at: datetime) -> Client:
        status = subscription_status(self.status, self.expires_at, at)
        subscription = Subscription(
            self.package.key,
            self.revision,
            len(self.package.revisions),
            self.assigned_at,
            self.expires_at,
            status,
            self.extended_to,
        )
        grants = self.granted(at)
        return Client(
            self.id,
            self.name,
            self.owner_email,
            self.status,
            self.users,
            subscription,
            entitlements_of(with_grants(self.snapshot, grants), status),
            {meter: amount for meter, amount in sorted(self.usage.items()) if amount},
            grants,
        )


@dataclass
class World:
    """Everything that a failed write must leave alone."""

    catalog: Catalog | None = None
    guards: Guards | None = None
    packages: dict[str, Package] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    parked: dict[str, Parked] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    numbers: dict[int, Holder] = field(default_factory=dict)
    erased: list[Holder] = field(default_factory=list)

    def number_of(self, client_id: str) -> int:
        """Return what stands for the client in events, whatever id it has."""
        holder = self.holders[client_id]
        known = next((number for number, each in self.numbers.items() if each is holder), None)
        return known or self._numbered(holder)

    def _numbered(self, holder: Holder) -> int:
        number = len(self.numbers) + 1
        self.numbers[number] = holder
        return number


def meets(holder: Holder, condition: Condition, at: datetime) -> bool:  # noqa: C901, PLR0911, PLR0912 - each
    email = normal_email(holder.owner_email)
    match condition:
        case UsesMoreThan("user_count", amount):
            return holder.users > amount
        case UsesMoreThan(meter, amount):
            return holder.usage.get(meter, 0) > amount
        case OwnerNotIn(emails):
            return email not in emails
        case OwnerIn(emails):
            return email in emails
        case AssignedIn(windows):
            return any(
                (window.start is None or window.start <= holder.assigned_at)
                and holder.assigned_at <= window.end
                for window in windows
            )
        case NotOneOf(ids):
            return holder.id not in ids
        case OneOf(ids):
            return holder.id in ids
        case HeldSince(run, from_revision):
            moves = [
                (each.run, each.package.key, each.from_revision)
                for each in holder.moved
                if each.start == holder.assigned_at
            ]
            return (run, holder.package.key, from_revision) in moves
        case EndedToo():
            return True
        case UpTo(last):
            return holder.id <= last
        case AnyOf(alternatives):
            return any(meets(holder, alternative, at) for alternative in alternatives)
        case AfterMove(term, held, left, has, back_to):
            now, then = _amounts(holder, term, (held, left), at, back_to)
            return {"less": then < now, "as-much": then == now, "more": then > now}[has]
        case UsesBeyond(term, held, left, back_to):
            now, then = _amounts(holder, term, (held, left), at, back_to)
            key = term.rpartition("/")[2]
            used = holder.users if key == "user_count" else holder.usage.get(key, 0)
            return then < now and used > then
        case LostUnder() | LostSince():
            raise AssertionError(condition)  # of whoever knows all runs
        case GrantEnds():
            return any(each.until == "reassigned" for each in holder.granted(at))
        case ShortenedIn(windows):
            end = holder.expires_at
            is_extended = bool(holder.extended_to and end and holder.extended_to >= end)
            return meets(holder, AssignedIn(windows), at) and not is_extended
        case LengthenedIn(spans):
            start, until = holder.assigned_at, holder.extended_to
            return any(
                (span.start is None or span.start <= start)
                and start <= span.end
                and (until is None or until < start + timedelta(days=span.days))
                for span in spans
            )
        case ExtendedBeyond(instant):
            return holder.extended_to is not None and holder.extended_to > instant
        case NotExtendedBeyond(instant):
            return holder.extended_to is None or holder.extended_to <= instant


def _amounts(
    holder: Holder, term: str, given: tuple[int, int], at: datetime, back_to: int | None
) -> tuple[float, float]:
    """How much of a term it has now, and once it is reassigned, where its packages give so much."""
    mine = [each for each in holder.grants if each.grant.term == term]
    now = [each.grant for each in mine if not each.has_ended(holder, at)]
    kept = [each for each in mine if each.grant.until != "reassigned" or each.was_given_on(back_to)]
    then = [each.grant for each in kept if each.may_count(holder, at)]
    return _with(given[0], now), _with(given[1], then)


def _with(base: int, grants: list[Grant]) -> float:
    most = max([inf if base == LARGEST_QUANTITY else base, *map(_set_to, grants)])
    return most + sum((each.add or 0) - each.spent for each in grants)


def _set_to(grant: Grant) -> float:
    is_whole = grant.set_to == "unlimited" or grant.term.startswith("features/")
    return inf if is_whole else float(grant.set_to or 0)


def loses_with_grants(holder: Holder, target: Definition, at: datetime, back_to: int | None) -> bool:
    """Whether a move to `target` leaves it less of a term of which the target gives as much as before."""
    ending = {each.term for each in holder.granted(at) if each.until == "reassigned"}
    for term in ending:
        held, left = (_stated(definition, term) for definition in (holder.snapshot, target))
        now, then = _amounts(holder, term, (held, left), at, back_to)
        if held <= left and then < now:
            return True
    return False


def _stated(definition: Definition, term: str) -> int:
    section, _, key = term.rpartition("/")
    if section == "features":
        return LARGEST_QUANTITY if key in definition.features else 0
    amount = _amount((definition.limits if section else definition.caps).get(key))
    return LARGEST_QUANTITY if amount == inf else int(amount)


def spared_by(holder: Holder, target: Definition, at: datetime, back_to: int | None) -> frozenset[str]:
    """What a move to `target` would take, of which the client keeps as much by a grant or extension."""
    held, after = holder.snapshot, target
    found = {f"features/{key}" for key in set(held.features) - set(after.features)}
    for prefix, amounts, left in (("limits/", held.limits, after.limits), ("", held.caps, after.caps)):
        found |= {f"{prefix}{key}" for key, most in amounts.items() if _amount(left.get(key)) < _amount(most)}
    kept = set()
    for term in found & {each.grant.term for each in holder.grants}:
        now, then = _amounts(holder, term, (_stated(held, term), _stated(after, term)), at, back_to)
        kept |= {term} if then >= now else set()
    if not holder.is_active(at):
        return frozenset(found | {"expiry", "subscriptions"})
    end, old, new = holder.expires_at, held.expiry, after.expiry
    is_shorter = new is not None and new.is_shorter_than(old)
    if is_shorter and holder.extended_to and end and holder.extended_to >= end:
        kept.add("expiry")
    if is_shorter and holder.extended_to and holder.extended_to > at:
        kept.add("subscriptions")
    return frozenset(kept)


def _amount(quantity: object) -> float:
    return 0 if quantity is None else inf if quantity == "unlimited" else float(str(quantity))


def granted(definition: Definition) -> object:
    return definition.features, definition.limits, definition.caps, definition.expiry


def refusal(package: Package | None, owner_email: str) -> str:
    if package is None:
        return "unknown-package"
    if package.archived:
        return "package-archived"
    emails = package.current.allowed_emails
    return "" if emails is None or normal_email(owner_email) in emails else "email-not-allowed"


def state(package: Package) -> PackageState:
    return PackageState(len(package.revisions), archived=package.archived, managed=package.managed)
