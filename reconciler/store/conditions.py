"""The conditions of a question as SQL.

Operands stand in a temporary table; where a statement asks about one revision only, what has one value is
read by a scalar subquery, so that rows come in the order of the index, unsorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, and_, bindparam, exists, false, func, or_, select, type_coerce

from reconciler.model.questions import (
    Alternative,
    AnyOf,
    AssignedIn,
    Condition,
    EndedToo,
    HeldSince,
    MovedIn,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)
from reconciler.store import tables
from reconciler.store.columns import ALWAYS_PAST
from reconciler.store.operands import place, slots
from reconciler.store.usage import counts_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, FromClause, Select

_HELD: Final = tables.subscriptions.c


@dataclass(frozen=True, slots=True)
class Matches:
    """Subscriptions that meet conditions, before it is said what to select of them."""

    source: FromClause
    terms: tuple[ColumnElement[bool], ...]

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Select columns of `subscriptions` and, where all that was asked is matched, of `asked`."""
        return select(*columns).select_from(self.source).where(*self.terms)

    def join(self, target: FromClause, *on: ColumnElement[bool]) -> Matches:
        """Narrow by a join."""
        return Matches(self.source.join(target, and_(*on)), self.terms)

    def where(self, term: ColumnElement[bool]) -> Matches:
        """Narrow by a term."""
        return Matches(self.source, (*self.terms, term))


def of_all_asked(conditions: Sequence[Condition]) -> Matches:
    """Match all that stands in `asked`; takes the parameter `at`."""
    asked = _asked(conditions)
    held = and_(*_held_as(asked))
    return _narrowed(Matches(asked.join(tables.subscriptions, held), ()), conditions, asked)


def counted(conditions: Sequence[Condition]) -> Select[Any]:
    """Select question, revision and count for each row of `asked`; takes the parameter `at`.

    A subquery each, since grouping the matches would sort all holders.
    """
    asked = _asked(conditions)
    matches = _narrowed(Matches(tables.subscriptions, _held_as(asked)), conditions, asked)
    clients = matches.select(func.count()).correlate(asked).scalar_subquery()
    return select(asked.c.question, asked.c.revision, clients)


def _held_as(asked: FromClause) -> tuple[ColumnElement[bool], ...]:
    return (_HELD.package_id == asked.c.package_id, _HELD.revision == asked.c.revision)


def _asked(conditions: Sequence[Condition]) -> FromClause:
    """Return `asked` with the operands that have one value beside each question.

    Materialised, so that the few rows of questions are what every plan begins with.
    """
    source: FromClause = tables.asked
    columns: list[ColumnElement[Any]] = list(tables.asked.c)
    for slot, condition in slots(conditions):
        if isinstance(condition, UsesMoreThan | MovedIn | HeldSince | UpTo):
            rows = tables.operands.alias(f"operands{slot}")
            source = source.join(rows, and_(rows.c.question == tables.asked.c.question, rows.c.slot == slot))
            columns += [rows.c[name].label(f"{name}{slot}") for name in ("word", "low", "high")]
    return select(*columns).select_from(source).cte("questions").prefix_with("MATERIALIZED")


def of_one_revision(conditions: Sequence[Condition]) -> Matches:
    """Match one revision's holders; takes the parameters `question`, `package`, `revision` and `at`."""
    held = (_HELD.package_id == bindparam("package"), _HELD.revision == bindparam("revision"))
    return _narrowed(Matches(tables.subscriptions, held), conditions, None)


def _narrowed(matches: Matches, conditions: Sequence[Condition], asked: FromClause | None) -> Matches:
    is_held = _HELD.active_until > bindparam("at", type_=BigInteger)
    if EndedToo() in conditions:
        is_held = _HELD.active_until > ALWAYS_PAST
    matches = matches.where(is_held)
    for slot, condition in slots(conditions):
        matches = _slot(slot, asked).narrow(matches, condition)
    return matches


def _slot(number: int, asked: FromClause | None) -> _Slot:
    return _Slot(number, tables.operands.alias(f"operands{number}"), asked)


def _is_of_clients(alternative: Alternative) -> bool:
    match alternative:
        case UsesMoreThan(meter):
            return counts_members(meter)
        case OwnerNotIn():
            return True
        case AssignedIn() | MovedIn():
            return False


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of one condition in a statement.

    Attributes:
        rows: Its operands.
        asked: The questions that are matched; None where the parameter `question` says which one.
    """

    number: int
    rows: FromClause
    asked: FromClause | None

    def narrow(self, matches: Matches, condition: Condition) -> Matches:  # noqa: PLR0911 - a return per case
        match condition:
            case UsesMoreThan(meter) if not counts_members(meter):
                return self._with_usage(matches)
            case UsesMoreThan() | OwnerIn() | OwnerNotIn():
                return self._with_clients(matches, condition)
            case AssignedIn():
                return matches.where(self._has_started)
            case OneOf():
                return matches.join(self.rows, self._mine, self.rows.c.word == _HELD.client_id)
            case NotOneOf():
                return matches.where(~self._named(self.rows.c.word == _HELD.client_id))
            case MovedIn() | HeldSince():
                return self._with_moves(matches, condition)
            case EndedToo():
                return matches
            case UpTo():
                return matches.where(_HELD.client_id <= self._value("word"))
            case AnyOf(alternatives):
                return self._with_any(matches, alternatives)

    def _with_usage(self, matches: Matches) -> Matches:
        usage = tables.usage.alias(f"usage{self.number}")
        return matches.join(
            usage,
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == self._value("word"),
            usage.c.client_id == _HELD.client_id,
            usage.c.amount > self._value("low"),
        )

    def _with_moves(self, matches: Matches, condition: MovedIn | HeldSince) -> Matches:
        moves = tables.moves.alias(f"moves{self.number}")
        moved = exists().where(
            moves.c.run_id == self._value("low"),
            moves.c.client_id == _HELD.client_id,
            moves.c.package_id == _HELD.package_id,
            moves.c.from_revision == self._value("high"),
        )
        if isinstance(condition, HeldSince):
            moved = moved.where(moves.c.assigned_at == _HELD.assigned_at)
        return matches.where(moved.correlate_except(moves))

    def _with_clients(self, matches: Matches, condition: UsesMoreThan | OwnerIn | OwnerNotIn) -> Matches:
        clients = tables.clients.alias(f"clients{self.number}")
        matches = matches.join(clients, clients.c.id == _HELD.client_id)
        match condition:
            case UsesMoreThan():
                return matches.where(clients.c.users > self._value("low"))
            case OwnerIn():
                return matches.where(self._named(self.rows.c.word == clients.c.normal_email))
            case OwnerNotIn():
                return matches.where(~self._named(self.rows.c.word == clients.c.normal_email))

    def _with_any(self, matches: Matches, alternatives: Sequence[Alternative]) -> Matches:
        """Let in who meets one of them. A kind stands in the statement once, however many there are of it."""
        kinds = {place(each): each for each in alternatives}
        clients = tables.clients.alias(f"clients{self.number}")
        if any(map(_is_of_clients, kinds.values())):
            matches = matches.join(clients, clients.c.id == _HELD.client_id)
        parts = ((_slot(self.number + number, self.asked), each) for number, each in sorted(kinds.items()))
        return matches.where(or_(false(), *(part.is_met(each, clients) for part, each in parts)))

    def is_met(self, alternative: Alternative, clients: FromClause) -> ColumnElement[bool]:
        """Say that one of the alternatives of this kind is met."""
        match alternative:
            case AssignedIn():
                return self._has_started
            case UsesMoreThan(meter) if counts_members(meter):
                return self._named(self.rows.c.low < clients.c.users)
            case OwnerNotIn():
                return ~self._named(self.rows.c.word == clients.c.normal_email)
            case UsesMoreThan():
                return self._is_used
            case MovedIn():
                return self._was_moved

    @property
    def _was_moved(self) -> ColumnElement[bool]:
        moves = tables.moves.alias(f"moves{self.number}")
        moved = exists().where(
            moves.c.run_id == self.rows.c.low,
            moves.c.client_id == _HELD.client_id,
            moves.c.package_id == _HELD.package_id,
            moves.c.from_revision == self.rows.c.high,
        )
        return self._named(moved.correlate_except(moves))

    @property
    def _is_used(self) -> ColumnElement[bool]:
        """One within the other, so that usage is met by its primary key, once for each alternative."""
        usage = tables.usage.alias(f"usage{self.number}")
        used = exists().where(
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == self.rows.c.word,
            usage.c.client_id == _HELD.client_id,
            usage.c.amount > self.rows.c.low,
        )
        return self._named(used.correlate_except(usage))

    @property
    def _has_started(self) -> ColumnElement[bool]:
        start = type_coerce(_HELD.assigned_at, BigInteger)
        return self._named(self.rows.c.low <= start, self.rows.c.high >= start)

    def _value(self, name: str) -> ColumnElement[Any]:
        if self.asked is not None:
            value: ColumnElement[Any] = self.asked.c[f"{name}{self.number}"]
            return value
        return select(self.rows.c[name]).where(self._mine).scalar_subquery()

    def _named(self, *terms: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(self._mine, *terms).correlate_except(self.rows)

    @property
    def _mine(self) -> ColumnElement[bool]:
        question = bindparam("question") if self.asked is None else self.asked.c.question
        return and_(self.rows.c.question == question, self.rows.c.slot == self.number)
