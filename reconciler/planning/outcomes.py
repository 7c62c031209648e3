"""What a definition takes from those who hold other revisions, or gives them, and how each is counted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.expiry import LATEST, Window
from reconciler.model.quantities import LARGEST_QUANTITY, allowance
from reconciler.model.questions import (
    AfterMove,
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    LengthenedIn,
    OwnerNotIn,
    ShortenedIn,
    UsesBeyond,
    UsesMoreThan,
)
from reconciler.model.terms import Code, Kind, Term, counts_members
from reconciler.planning.fields import differences, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from pydantic import JsonValue

    from reconciler.model.packages import Definition
    from reconciler.model.plans import FieldChange

Questions: TypeAlias = tuple[ClientQuestion, ...]
"""Questions that no client answers twice, so that their counts add up."""
Starts: TypeAlias = "tuple[tuple[Window, ...], ...]"
"""Windows, of each of which one must hold the start of a client's subscription."""
Alternative: TypeAlias = (
    UsesMoreThan | OwnerNotIn | AssignedIn | AfterMove | UsesBeyond | ShortenedIn | LengthenedIn
)
_SINCE_EVER: Final = (Window(None, LATEST),)


class Held(Struct, frozen=True):
    """What the holders of one revision have of a term that is taken or given.

    Attributes:
        value: What the revision grants of it.
        only: What a holder must meet for the change to concern it; None: every holder is concerned.
        also: What it must meet beside that.
    """

    value: JsonValue
    only: Alternative | None = None
    also: AfterMove | None = None


class Outcome(Struct, frozen=True):
    """One thing that holders of some revisions lose, or gain, where `after` becomes theirs.

    Attributes:
        held: By revision.
        left: What `after` grants of it.
        after: The definition that takes or gives it.
    """

    code: Code
    term: Term
    held: Mapping[int, Held]
    left: JsonValue
    after: Definition

    @property
    def revisions(self) -> tuple[int, ...]:
        """Held revisions that are concerned, sorted."""
        return tuple(sorted(self.held))

    def touched(self, live_key: str, *also: Condition) -> Questions:
        """Ask which clients are concerned."""
        by_condition: dict[AfterMove | None, dict[int, Held]] = {}
        for number, each in self.held.items():
            by_condition.setdefault(each.also, {})[number] = each
        return tuple(
            question
            for condition, held in by_condition.items()
            for question in distinct(
                (replace(self, held=held),), live_key, *filter(None, (condition,)), *also
            )
        )

    def using(self, live_key: str, *also: Condition) -> Questions:
        """Ask which of them used it in this cycle, of a grant more than is left; nothing without a meter."""
        if "use" not in self.code.row.counted:
            return ()
        if self.code.row.kind is Kind.GRANT:
            return using_more((self,), live_key, *also)
        return self.touched(live_key, *also, UsesMoreThan(self.term.key, 0))

    def over(self, live_key: str, *also: Condition) -> Questions:
        """Ask which of them are above what is left; nothing where no amount is taken."""
        if "over" not in self.code.row.counted:
            return ()
        return using_more((self,), live_key, *also)

    def beyond(self, revision: int) -> UsesMoreThan | UsesBeyond | None:
        """What a holder of a revision meets who uses more than is left; None where nothing of it is used."""
        if not self.code.row.counted & {"use", "over"}:
            return None
        only = self.held[revision].only
        if isinstance(only, AfterMove):
            return UsesBeyond(only.term, only.held, only.left, only.back_to)
        return UsesMoreThan(self.term.key, self._amount_left)

    def kept_by_grants(self, live_key: str, *also: Condition) -> Questions:
        """Ask whom it would concern, if a grant did not give them as much."""
        if self.code.row.kind is Kind.GRANT:
            return ()
        return tuple(
            ClientQuestion(live_key, (number,), (dataclasses.replace(each.only, has="as-much"), *also))
            for number, each in self.held.items()
            if isinstance(each.only, AfterMove)
        )

    @property
    def _amount_left(self) -> int:
        return (
            (allowance(self.after.amounts.get(self.term.key)) or 0) if self.term.section != "features" else 0
        )


def losses(
    held: Mapping[int, Definition], after: Definition, at: datetime, granted: Collection[str] = ()
) -> tuple[Outcome, ...]:
    """Return what `after` takes from holders of these revisions, worst first, then by key."""
    found = outcomes(held, after, at, granted)
    return tuple(outcome for outcome in found if outcome.code.row.severity.is_loss)


def gains(
    held: Mapping[int, Definition], after: Definition, at: datetime, granted: Collection[str] = ()
) -> tuple[Outcome, ...]:
    """Return what `after` gives holders of these revisions that they may use."""
    found = outcomes(held, after, at, granted)
    return tuple(each for each in found if each.code.row.reaches_holders and each.code.row.is_gain)


def outcomes(
    held: Mapping[int, Definition], after: Definition, at: datetime, granted: Collection[str] = ()
) -> tuple[Outcome, ...]:
    """Return every difference of `after` from what is held, in the order of the table, then by key.

    Of `granted` terms it concerns nobody whom a grant gives as much (rule 17), or whom an extension of the
    subscription leaves the same end (rule 18).
    """
    found: dict[tuple[Code, Term], dict[int, Held]] = {}
    left: dict[tuple[Code, Term], JsonValue] = {}
    for number, definition in sorted(held.items()):
        for field in differences(definition, after, email=masked):
            concerned = _held(field, definition, after, at)
            if concerned is not None:
                if str(field.term) in granted:
                    concerned = _unless_granted(field, concerned, after, at)
                found.setdefault((field.code, field.term), {})[number] = concerned
                left[field.code, field.term] = field.after
    order = list(Code)
    made = (Outcome(*which, by_revision, left[which], after) for which, by_revision in found.items())
    return tuple(sorted(made, key=lambda each: (order.index(each.code), each.term)))


def brought_back(found: Iterable[Outcome], revision: int) -> Iterator[Outcome]:
    """Yield the same of a rollback: what had ended when this revision was left counts again."""
    for each in found:
        held = {
            number: replace(of, only=dataclasses.replace(of.only, back_to=revision))
            if isinstance(of.only, AfterMove)
            else of
            for number, of in each.held.items()
        }
        yield replace(each, held=held)


def alone_in(found: Collection[Outcome], feature_of: Callable[[str], str | None]) -> Iterator[Outcome]:
    """Leave out of each limit that is gone the holders who lose the feature that it capped.

    Who keeps the feature by a grant is left in: the limit is all that they lose.
    """
    gone = {each.term.key: each.held for each in found if each.code.row.kind is Kind.FEATURE}
    for loss in found:
        feature = feature_of(loss.term.key) if loss.code is Code.LIMIT_REMOVED else None
        with_it = gone.get(feature or "", {})
        held = {}
        for number, each in loss.held.items():
            only = with_it[number].only if number in with_it else None
            if number not in with_it:
                held[number] = each
            elif isinstance(only, AfterMove):
                held[number] = replace(each, also=dataclasses.replace(only, has="as-much"))
        if held:
            yield replace(loss, held=held) if with_it else loss


def starts_of(loss: Outcome) -> Starts:
    """Return the windows that the start of who loses it lies in, where that is what decides."""
    return tuple(each.only.windows for each in loss.held.values() if isinstance(each.only, AssignedIn))


def taken_by(verb: str, term: str, found: Iterable[Outcome], at: datetime) -> Starts | None:
    """Return in which windows the starts lie of those who lose what an entry names; None: nobody loses it.

    Args:
        verb: Of the entry.
        term: What it names, as `Term` writes it.
        found: All losses of a move at `at` between two revisions, so that each has one alternative.
        at: The instant of the move, at which a shorter expiry ends subscriptions.
    """
    for loss in found:
        expiry = loss.after.expiry
        starts = starts_of(loss)
        if loss.code is Code.EXPIRY_SHORTENED and expiry is not None:
            if verb == "ends":
                return (*starts, expiry.elapsed_starts(at))
            if verb == loss.code.row.acknowledged_by:
                return (*starts, expiry.running_starts(at))
        elif loss.code.row.acknowledged_by == verb and str(loss.term) == term:
            return starts
    return None


def archival(held: Mapping[int, Definition], after: Definition) -> Outcome:
    """Return the loss of the package as a whole."""
    return Outcome(Code.PACKAGE_ARCHIVED, Term("", "package"), dict.fromkeys(held, Held(None)), None, after)


def _held(field: FieldChange, definition: Definition, after: Definition, at: datetime) -> Held | None:
    """Return whom the difference concerns; None where it concerns nobody who holds the revision today."""
    match field.code.row.kind:
        case Kind.EMAILS:
            return Held(field.before, OwnerNotIn(after.allowed_emails or ()))
        case Kind.EXPIRY if definition.expiry is not None and after.expiry is not None:
            one, other = after.expiry, definition.expiry
            if field.code.row.is_gain:
                one, other = other, one
            if one.is_always_shorter_than(other):
                return Held(field.before)
            windows = one.shorter_starts(other, at)
            return Held(field.before, AssignedIn(windows)) if windows else None
        case _:
            return Held(field.before)


def _unless_granted(field: FieldChange, held: Held, after: Definition, at: datetime) -> Held:
    """Return whom a difference concerns, among whom somebody has grants of the term or an extension."""
    is_loss = field.code.row.severity.is_loss
    if field.code.row.kind is not Kind.EXPIRY:
        sides = _whole(field.term, field.before), _whole(field.term, field.after)
        return replace(held, only=AfterMove(str(field.term), *sides, "less" if is_loss else "more"))
    windows = held.only.windows if isinstance(held.only, AssignedIn) else _SINCE_EVER
    if is_loss:
        return replace(held, only=ShortenedIn(windows))
    return replace(held, only=LengthenedIn(after.expiry.spans(windows, at))) if after.expiry else held


def _whole(term: Term, value: JsonValue) -> int:
    """Return how much of a term a package gives: of a feature that it has, as much as can be."""
    if term.section == "features" or not isinstance(value, int):
        return LARGEST_QUANTITY if value else 0
    return value


def ended_grants(
    held: Mapping[int, Definition],
    after: Definition,
    granted: Mapping[str, bool],
    taken: Collection[Outcome],
) -> Iterator[Outcome]:
    """Yield what holders lose by grants that end with their move to `after`.

    `granted` says of each term whether a grant of it ends so. What is `taken` is left out: who loses by their
    package is asked with all grants of the term.
    """
    lost = {(number, str(each.term)) for each in taken for number in each.held}
    for text in sorted(term for term, is_ending in granted.items() if is_ending):
        term = Term.named(text)
        left = _stated(after, term)
        only = {
            number: AfterMove(text, _whole(term, _stated(definition, term)), _whole(term, left))
            for number, definition in sorted(held.items())
            if (number, text) not in lost
        }
        if only:
            of = {number: Held(None, each) for number, each in only.items()}
            yield Outcome(Code.GRANT_ENDED, term, of, left, after)


def _stated(definition: Definition, term: Term) -> JsonValue:
    match term.section:
        case "features":
            return term.key in definition.features or None
        case "limits":
            return definition.limits.get(term.key)
        case _:
            return definition.caps.get(term.key)


def distinct(found: Iterable[Outcome], live_key: str, *also: Condition) -> Questions:
    """Return questions that find everybody once whom any of the outcomes concerns."""
    needs: dict[int, set[Alternative] | None] = {}
    for number, held in ((number, each) for outcome in found for number, each in outcome.held.items()):
        known = needs.setdefault(number, set())
        needs[number] = None if held.only is None or known is None else {*known, held.only}
    return _grouped(needs, live_key, also)


def using_more(found: Iterable[Outcome], live_key: str, *also: Condition) -> Questions:
    """Return questions that find everybody once who uses more than is left of any of the losses."""
    return _grouped(_beyond(found), live_key, also)


def using_anything(
    held: Mapping[int, Definition],
    found: Iterable[Outcome],
    live_key: str,
    *also: Condition,
    beside: Iterable[str] = (),
) -> Questions:
    """Return questions that find everybody once who used anything, or uses more than is left of a loss.

    `beside` is what clients may have used beside what their packages give.
    """
    beyond, more = _beyond(found), (*beside,)
    needs = {number: {*_meters(each, more), *(beyond.get(number) or ())} for number, each in held.items()}
    return _grouped(needs, live_key, also)


def _beyond(found: Iterable[Outcome]) -> dict[int, set[Alternative]]:
    needs: dict[int, set[Alternative]] = {}
    for outcome in found:
        for number in outcome.held:
            beyond = outcome.beyond(number)
            if beyond is not None:
                needs.setdefault(number, set()).add(beyond)
    return needs


def _meters(definition: Definition, more: Iterable[str]) -> Iterator[Alternative]:
    for meter in dict.fromkeys((*definition.features, *definition.amounts, *more)):
        if not counts_members(meter):
            yield UsesMoreThan(meter, 0)


def _grouped(
    needs: Mapping[int, set[Alternative] | None], live_key: str, also: tuple[Condition, ...]
) -> Questions:
    """Ask once about all revisions whose holders must meet one of the same; None: they need meet nothing."""
    groups: dict[frozenset[Alternative], list[int]] = {}
    for number, alternatives in sorted(needs.items()):
        if alternatives is None or alternatives:
            groups.setdefault(frozenset(alternatives or ()), []).append(number)
    return tuple(
        ClientQuestion(live_key, tuple(numbers), (*_any(alternatives), *also))
        for alternatives, numbers in groups.items()
    )


def _any(alternatives: frozenset[Alternative]) -> tuple[Condition, ...]:
    if len(alternatives) < 2:  # noqa: PLR2004 - one alternative is a condition of its own
        return tuple(alternatives)
    return (AnyOf(tuple(sorted(alternatives, key=repr))),)
