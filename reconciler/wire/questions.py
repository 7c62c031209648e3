"""Bodies of the questions about clients, and their answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StrictInt

from reconciler.model import questions as asked
from reconciler.model.consumption import Tally
from reconciler.model.expiry import Window
from reconciler.model.plans import Outdated
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.wire.fields import (
    WHOLE,
    Amount,
    Body,
    Email,
    Instant,
    Line,
    Number,
    Reply,
    Variant,
    items_at_most,
)

_MOST = 10_000
_MOST_CONDITIONS = 50
"""Each may join a table; SQLite joins 64 at most."""
_Ids = Annotated[tuple[Line, ...], items_at_most(1_000_000)]
_Emails = Annotated[tuple[Email, ...], items_at_most(_MOST)]
_Amount = Annotated[StrictInt, Field(ge=-1, le=LARGEST_QUANTITY), WHOLE]


class UsesMoreThan(Variant):
    """Usage of the meter in this cycle is above the amount."""

    kind: Literal["uses-more-than"] = "uses-more-than"
    meter: Line
    amount: _Amount

    def value(self) -> asked.UsesMoreThan:
        """Return the condition."""
        return asked.UsesMoreThan(self.meter, self.amount)


class HasMoreUsersThan(Variant):
    """The client has more team members than this."""

    kind: Literal["has-more-users-than"] = "has-more-users-than"
    count: _Amount

    def value(self) -> asked.HasMoreUsersThan:
        """Return the condition."""
        return asked.HasMoreUsersThan(self.count)


class OwnerNotIn(Variant):
    """The owner's e-mail is none of these."""

    kind: Literal["owner-not-in"] = "owner-not-in"
    emails: _Emails

    def value(self) -> asked.OwnerNotIn:
        """Return the condition."""
        return asked.OwnerNotIn(self.emails)


class OwnerIn(Variant):
    """The owner's e-mail is one of these."""

    kind: Literal["owner-in"] = "owner-in"
    emails: _Emails

    def value(self) -> asked.OwnerIn:
        """Return the condition."""
        return asked.OwnerIn(self.emails)


class WindowBody(Body):
    """Instants from `start` (null: since ever) to `end`, both included."""

    start: Instant | None
    end: Instant


class AssignedIn(Variant):
    """The subscription started in one of the windows."""

    kind: Literal["assigned-in"] = "assigned-in"
    windows: Annotated[tuple[WindowBody, ...], items_at_most(100)]

    def value(self) -> asked.AssignedIn:
        """Return the condition."""
        return asked.AssignedIn(tuple(Window(window.start, window.end) for window in self.windows))


class NotOneOf(Variant):
    """The client's id is none of these."""

    kind: Literal["not-one-of"] = "not-one-of"
    ids: _Ids

    def value(self) -> asked.NotOneOf:
        """Return the condition."""
        return asked.NotOneOf(self.ids)


class OneOf(Variant):
    """The client's id is one of these."""

    kind: Literal["one-of"] = "one-of"
    ids: _Ids

    def value(self) -> asked.OneOf:
        """Return the condition."""
        return asked.OneOf(self.ids)


class MovedIn(Variant):
    """The run reassigned the client, away from this revision."""

    kind: Literal["moved-in"] = "moved-in"
    run: Amount
    from_revision: Amount

    def value(self) -> asked.MovedIn:
        """Return the condition."""
        return asked.MovedIn(self.run, self.from_revision)


class UpTo(Variant):
    """The client's id is not after this one in the order of code points."""

    kind: Literal["up-to"] = "up-to"
    id: Line

    def value(self) -> asked.UpTo:
        """Return the condition."""
        return asked.UpTo(self.id)


ConditionBody: TypeAlias = Annotated[
    UsesMoreThan | HasMoreUsersThan | OwnerNotIn | OwnerIn | AssignedIn | NotOneOf | OneOf | MovedIn | UpTo,
    Field(discriminator="kind"),
]


def condition_body(condition: asked.Condition) -> ConditionBody:  # noqa: PLR0911 - one per kind, checked
    """Make the body of a condition."""
    match condition:
        case asked.UsesMoreThan():
            return UsesMoreThan(meter=condition.meter, amount=condition.amount)
        case asked.HasMoreUsersThan():
            return HasMoreUsersThan(count=condition.count)
        case asked.OwnerNotIn():
            return OwnerNotIn(emails=condition.emails)
        case asked.OwnerIn():
            return OwnerIn(emails=condition.emails)
        case asked.AssignedIn():
            windows = tuple(WindowBody(start=each.start, end=each.end) for each in condition.windows)
            return AssignedIn(windows=windows)
        case asked.NotOneOf():
            return NotOneOf(ids=condition.ids)
        case asked.OneOf():
            return OneOf(ids=condition.ids)
        case asked.MovedIn():
            return MovedIn(run=condition.run, from_revision=condition.from_revision)
        case asked.UpTo():
            return UpTo(id=condition.id)


class QuestionBody(Body):
    """Which clients with an active subscription to `package`, on one of `revisions`, meet all conditions?"""

    package: Line
    revisions: Annotated[tuple[Number, ...], items_at_most(_MOST)]
    conditions: Annotated[tuple[ConditionBody, ...], items_at_most(_MOST_CONDITIONS)] = ()

    @classmethod
    def of(cls, question: asked.ClientQuestion) -> Self:
        """Make the body of a question."""
        return cls(
            package=question.package,
            revisions=question.revisions,
            conditions=tuple(map(condition_body, question.conditions)),
        )

    def value(self) -> asked.ClientQuestion:
        """Return the question."""
        conditions = tuple(condition.value() for condition in self.conditions)
        return asked.ClientQuestion(self.package, self.revisions, conditions)


class QuestionsBody(Body):
    """Questions to be answered together; `sample` ids each."""

    questions: Annotated[tuple[QuestionBody, ...], items_at_most(_MOST)]
    at: Instant
    sample: Annotated[StrictInt, Field(ge=0, le=1_000), WHOLE]


class AnswerReply(Reply):
    """How many clients match, and the first few of their ids in order."""

    count: int
    sample: tuple[str, ...]
    complete: bool

    def value(self) -> asked.Answer:
        """Return the answer."""
        return asked.Answer(**dict(self))


class AnswersReply(Reply):
    """Answers in the order of the questions."""

    items: tuple[AnswerReply, ...]


class MatchingBody(Body):
    """The question whose matching clients are asked for."""

    question: QuestionBody
    at: Instant


class NthBody(MatchingBody):
    """Which of the matching clients, by id from 1, is asked for."""

    n: Annotated[StrictInt, Field(ge=1, le=LARGEST_QUANTITY), WHOLE]


class NthReply(Reply):
    """The id of the client; null where fewer match."""

    id: str | None


class HoldingsBody(Body):
    """The packages whose holders are counted."""

    keys: Annotated[tuple[Line, ...], items_at_most(_MOST)]
    at: Instant


class HeldReply(Reply):
    """How many clients hold one revision of a package."""

    key: str
    revision: int
    clients: int


class HoldingsReply(Reply):
    """What is held by at least one client."""

    items: tuple[HeldReply, ...]


class TallyReply(Reply):
    """Active holders of one revision who use the same amount of a meter."""

    revision: int
    amount: int
    clients: int

    def value(self) -> Tally:
        """Return the tally."""
        return Tally(**dict(self))


class OutdatedReply(Reply):
    """Active holders of one revision that is not the package's current one, which was minted at `since`."""

    package: str
    revision: int
    clients: int
    since: Instant

    def value(self) -> Outdated:
        """Return the figure."""
        return Outdated(**dict(self))


class AllOutdatedReply(Reply):
    """All who are on older revisions, by package and revision."""

    items: tuple[OutdatedReply, ...]


class HoldersReply(Reply):
    """How many clients have an active subscription to any package."""

    clients: int
