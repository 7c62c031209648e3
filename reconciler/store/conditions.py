"""The conditions of a question as SQL.

Operands stand in the temporary table `operands`, a row per value; where a statement asks about one revision
only, what has one value is read by a scalar subquery, so that rows come in the order of the index, unsorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, and_, bindparam, exists, func, select, type_coerce

from reconciler.model.questions import (
    AssignedIn,
    Condition,
    HasMoreUsersThan,
    MovedIn,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    UpTo,
    UsesMoreThan,
)
from reconciler.store import tables
from reconciler.store.columns import ALWAYS_PAST, microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, FromClause, Select

    from reconciler.model.expiry import Window

_HELD: Final = tables.subscriptions.c


def operand_rows(condition: Condition) -> set[tuple[str, int, int]]:
    """Return the condition's values as (word, low, high)."""
    match condition:
        case UsesMoreThan(meter, amount):
            return {(meter, amount, 0)}
        case HasMoreUsersThan(count):
            return {("", count, 0)}
        case AssignedIn(windows):
            return {("", *_bounds(window)) for window in windows}
        case MovedIn(run, from_revision):
            return {("", run, from_revision)}
        case UpTo(client_id):
            return {(client_id, 0, 0)}
        case OwnerIn(words) | OwnerNotIn(words) | OneOf(words) | NotOneOf(words):
            return {(word, 0, 0) for word in words}


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
    count = matches.select(func.count()).correlate(asked).scalar_subquery()
    return select(asked.c.question, asked.c.revision, count)


def _held_as(asked: FromClause) -> tuple[ColumnElement[bool], ...]:
    return (_HELD.package_id == asked.c.package_id, _HELD.revision == asked.c.revision)


def _asked(conditions: Sequence[Condition]) -> FromClause:
    """Return `asked` with the operands that have one value beside each question.

    Materialised, so that the few rows of questions are what every plan begins with.
    """
    source: FromClause = tables.asked
    columns: list[ColumnElement[Any]] = list(tables.asked.c)
    for slot, condition in enumerate(conditions):
        if isinstance(condition, UsesMoreThan | HasMoreUsersThan | MovedIn | UpTo):
            rows = tables.operands.alias(f"operands{slot}")
            source = source.join(rows, and_(rows.c.question == tables.asked.c.question, rows.c.slot == slot))
            columns += [rows.c[name].label(f"{name}{slot}") for name in ("word", "low", "high")]
    return select(*columns).select_from(source).cte("questions").prefix_with("MATERIALIZED")


def of_one_revision(conditions: Sequence[Condition]) -> Matches:
    """Match one revision's holders; takes the parameters `question`, `package`, `revision` and `at`."""
    held = (_HELD.package_id == bindparam("package"), _HELD.revision == bindparam("revision"))
    return _narrowed(Matches(tables.subscriptions, held), conditions, None)


def _narrowed(matches: Matches, conditions: Sequence[Condition], asked: FromClause | None) -> Matches:
    matches = matches.where(_HELD.active_until > bindparam("at", type_=BigInteger))
    for slot, condition in enumerate(conditions):
        rows = tables.operands.alias(f"operands{slot}")
        matches = _Slot(slot, rows, asked).narrow(matches, condition)
    return matches


def _bounds(window: Window) -> tuple[int, int]:
    return ALWAYS_PAST if window.start is None else microseconds(window.start), microseconds(window.end)


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
            case UsesMoreThan():
                return self._with_usage(matches)
            case HasMoreUsersThan() | OwnerIn() | OwnerNotIn():
                return self._with_clients(matches, condition)
            case AssignedIn():
                start = type_coerce(_HELD.assigned_at, BigInteger)
                return matches.where(self._named(self.rows.c.low <= start, self.rows.c.high >= start))
            case OneOf():
                return matches.join(self.rows, self._mine, self.rows.c.word == _HELD.client_id)
            case NotOneOf():
                return matches.where(~self._named(self.rows.c.word == _HELD.client_id))
            case MovedIn():
                return self._with_moves(matches)
            case UpTo():
                return matches.where(_HELD.client_id <= self._value("word"))

    def _with_usage(self, matches: Matches) -> Matches:
        usage = tables.usage.alias(f"usage{self.number}")
        return matches.join(
            usage,
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == self._value("word"),
            usage.c.client_id == _HELD.client_id,
            usage.c.amount > self._value("low"),
        )

    def _with_moves(self, matches: Matches) -> Matches:
        moves = tables.moves.alias(f"moves{self.number}")
        moved = exists().where(
            moves.c.run_id == self._value("low"),
            moves.c.client_id == _HELD.client_id,
            moves.c.package_id == _HELD.package_id,
            moves.c.from_revision == self._value("high"),
        )
        return matches.where(moved.correlate_except(moves))

    def _with_clients(self, matches: Matches, condition: HasMoreUsersThan | OwnerIn | OwnerNotIn) -> Matches:
        clients = tables.clients.alias(f"clients{self.number}")
        matches = matches.join(clients, clients.c.id == _HELD.client_id)
        match condition:
            case HasMoreUsersThan():
                return matches.where(clients.c.users > self._value("low"))
            case OwnerIn():
                return matches.where(self._named(self.rows.c.word == clients.c.normal_email))
            case OwnerNotIn():
                return matches.where(~self._named(self.rows.c.word == clients.c.normal_email))

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
