"""What planning asks of a platform about clients: values that any platform can answer in its own way.

They cross the wire as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias

from reconciler.model.expiry import Span, Window
from reconciler.model.fields import (
    Amount,
    ByKind,
    ClientId,
    Email,
    Instant,
    Items,
    Key,
    Line,
    Number,
    PackageKey,
    Readable,
    Told,
    Whole,
)
from reconciler.model.terms import LossVerb

_MOST: Final = 10_000
_WINDOWS: Final = 4_000
"""One a month of the longest expiry in days, whose end an expiry in months may come before or after."""
_Emails: TypeAlias = Annotated[tuple[Email, ...], Items(_MOST)]
_Ids: TypeAlias = Annotated[tuple[ClientId, ...], Items(1_000_000)]


@dataclass(frozen=True, slots=True)
class UsesMoreThan(Readable):
    """More than `amount` of `meter` (a feature, a limit or a cap) is in use.

    Usage of this cycle, or the team members whom the client has now, where a cap is metered by them.
    """

    meter: Key
    amount: Annotated[int, Whole(-1)]
    kind: Literal["uses-more-than"] = "uses-more-than"


@dataclass(frozen=True, slots=True)
class OwnerNotIn(Readable):
    """The owner's e-mail, normalised, is none of `emails` (normalised, sorted)."""

    emails: _Emails
    kind: Literal["owner-not-in"] = "owner-not-in"


@dataclass(frozen=True, slots=True)
class OwnerIn(Readable):
    """The owner's e-mail, normalised, is one of `emails` (normalised, sorted)."""

    emails: _Emails
    kind: Literal["owner-in"] = "owner-in"


@dataclass(frozen=True, slots=True)
class AssignedIn(Readable):
    """The subscription started in one of `windows`."""

    windows: Annotated[tuple[Window, ...], Items(_WINDOWS)]
    kind: Literal["assigned-in"] = "assigned-in"


@dataclass(frozen=True, slots=True)
class NotOneOf(Readable):
    """The client's id is none of `ids` (sorted)."""

    ids: _Ids
    kind: Literal["not-one-of"] = "not-one-of"


@dataclass(frozen=True, slots=True)
class OneOf(Readable):
    """The client's id is one of `ids` (sorted)."""

    ids: _Ids
    kind: Literal["one-of"] = "one-of"


@dataclass(frozen=True, slots=True)
class LostUnder(Readable):
    """The client is counted already under the acknowledgement of the package by this verb and term (rule 19).

    Nobody is under one that the last run made of files was without.
    """

    verb: LossVerb
    term: Line
    kind: Literal["lost-under"] = "lost-under"


@dataclass(frozen=True, slots=True)
class LostSince(Readable):
    """The client lost something since an instant, by whatever `lost_since` counts (rule 19).

    Attributes:
        back_to: The revision to which a rollback brings the client back: what was lost by moves from that one
            to the one that it holds now is not looked at.
    """

    instant: Instant
    back_to: Number | None = None
    kind: Literal["lost-since"] = "lost-since"


@dataclass(frozen=True, slots=True)
class HeldSince(Readable):
    """The run `run` reassigned the client, away from `from_revision`; it was not assigned anything since."""

    run: Amount
    from_revision: Amount
    kind: Literal["held-since"] = "held-since"


@dataclass(frozen=True, slots=True)
class EndedToo(Readable):
    """The subscription may also be one that its expiry has ended; without this, it is active."""

    kind: Literal["ended-too"] = "ended-too"


@dataclass(frozen=True, slots=True)
class UpTo(Readable):
    """The client's id is not after `id` in the order of code points; how a rollout's step is cut."""

    id: ClientId
    kind: Literal["up-to"] = "up-to"


AmountThen: TypeAlias = Literal["less", "as-much", "more"]
"""How much is had after a move, beside what is had now."""


@dataclass(frozen=True, slots=True)
class AfterMove(Readable):
    """Once it is reassigned, the client has less, as much or more of `term` than now (rule 17).

    Grants add to both; those that end with a reassignment count now, and not afterwards.

    Attributes:
        held: What the package gives of it now; `LARGEST_QUANTITY` where it has a feature or no bound.
        left: What it gives of it afterwards.
        back_to: The revision to which a rollback brings the client back: what ended when that was left counts
            again afterwards.
    """

    term: Line
    held: Amount
    left: Amount
    has: AmountThen = "less"
    back_to: Number | None = None
    kind: Literal["after-move"] = "after-move"


@dataclass(frozen=True, slots=True)
class UsesBeyond(Readable):
    """Once it is reassigned, the client has less of `term` than now, and less than is in use.

    `held`, `left` and `back_to` are those of `AfterMove`.
    """

    term: Line
    held: Amount
    left: Amount
    back_to: Number | None = None
    kind: Literal["uses-beyond"] = "uses-beyond"


@dataclass(frozen=True, slots=True)
class GrantEnds(Readable):
    """A grant that has not ended ends once the client is reassigned."""

    kind: Literal["grant-ends"] = "grant-ends"


@dataclass(frozen=True, slots=True)
class ShortenedIn(Readable):
    """The subscription started in one of `windows`, and no extension reaches its end (rule 18)."""

    windows: Annotated[tuple[Window, ...], Items(_WINDOWS)]
    kind: Literal["shortened-in"] = "shortened-in"


@dataclass(frozen=True, slots=True)
class LengthenedIn(Readable):
    """The subscription started in one of `spans`, and no extension reaches the end of that (rule 18)."""

    spans: Annotated[tuple[Span, ...], Items(_WINDOWS)]
    kind: Literal["lengthened-in"] = "lengthened-in"


@dataclass(frozen=True, slots=True)
class ExtendedBeyond(Readable):
    """The subscription was extended beyond an instant."""

    instant: Instant
    kind: Literal["extended-beyond"] = "extended-beyond"


@dataclass(frozen=True, slots=True)
class NotExtendedBeyond(Readable):
    """The subscription was not extended beyond an instant."""

    instant: Instant
    kind: Literal["not-extended-beyond"] = "not-extended-beyond"


Alternative: TypeAlias = Annotated[
    UsesMoreThan
    | OwnerNotIn
    | AssignedIn
    | AfterMove
    | UsesBeyond
    | ShortenedIn
    | LengthenedIn
    | ExtendedBeyond,
    ByKind(),
]


@dataclass(frozen=True, slots=True)
class AnyOf(Readable):
    """At least one of `alternatives` is met."""

    alternatives: Annotated[tuple[Alternative, ...], Items(_MOST, least=1)]
    kind: Literal["any-of"] = "any-of"


Condition: TypeAlias = Annotated[
    UsesMoreThan
    | OwnerNotIn
    | OwnerIn
    | AssignedIn
    | NotOneOf
    | OneOf
    | LostUnder
    | LostSince
    | HeldSince
    | EndedToo
    | UpTo
    | AfterMove
    | UsesBeyond
    | GrantEnds
    | ShortenedIn
    | LengthenedIn
    | ExtendedBeyond
    | NotExtendedBeyond
    | AnyOf,
    ByKind(),
]


@dataclass(frozen=True, slots=True)
class ClientQuestion(Readable):
    """Which clients with an active subscription to `package`, on one of `revisions`, meet all `conditions`?

    Clients who are not active themselves are never among them.

    Attributes:
        package: The key that the package has on the platform.
        revisions: Sorted; empty means none, so that the answer is 0.
        conditions: Each may join a table; SQLite joins 64 at most.
    """

    package: PackageKey
    revisions: Annotated[tuple[Number, ...], Items(_MOST)]
    conditions: Annotated[tuple[Condition, ...], Items(50)] = ()


@dataclass(frozen=True, slots=True)
class Answer(Told):
    """How many clients match, and the first few of their ids in order.

    Attributes:
        complete: False where the platform cannot know, so that `count` is only a lower bound.
    """

    count: int
    sample: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Tally(Told):
    """Clients with an active subscription to one revision of a package who use the same amount of a meter.

    Attributes:
        amount: In the current cycle; where a cap counts users, team members now.
    """

    revision: int
    amount: int
    clients: int
