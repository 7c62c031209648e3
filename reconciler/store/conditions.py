"""The conditions of a question as SQL.

What a question brings stands in a row of the bound list `asked`; where a statement asks about one revision
only, in parameters of the same names, so that rows come in the order of the index, unsorted.
"""

from __future__ import annotations

from operator import eq, gt, lt
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import (
    BigInteger,
    Text,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from reconciler.model.questions import (
    AfterMove,
    Alternative,
    AnyOf,
    AssignedIn,
    Condition,
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
from reconciler.store import events, lists, tables
from reconciler.store.columns import ALWAYS_PAST, Instant
from reconciler.store.grants import GrantedTerm, counting, of_term
from reconciler.store.operands import operands, place, slots
from reconciler.store.parts import has_moved, moved_in_any
from reconciler.store.usage import counts_members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter, ColumnElement, CompoundSelect, FromClause, Select, TableValuedAlias

    from reconciler.model.questions import AmountThen
    from reconciler.store.grants import Judge

ASKED: Final = "asked"
COLUMNS: Final = ("question", "package_id", "revision", "mark")
"""What begins each row of `asked`; what the conditions name stands beside it."""

_HELD: Final = tables.subscriptions.c


class Matches(Struct, frozen=True):
    """Subscriptions that meet conditions, before it is said what to select of them.

    Attributes:
        values: Those of the parameters, where they are known.
    """

    source: FromClause
    terms: tuple[ColumnElement[bool], ...]
    values: Mapping[str, object] = field(default_factory=dict)

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Select columns of `subscriptions`."""
        return select(*columns).select_from(self.source).where(*self.terms).params(**self.values)

    def join(self, target: FromClause, *on: ColumnElement[bool]) -> Matches:
        """Narrow by a join."""
        return replace(self, source=self.source.join(target, and_(*on)))

    def where(self, term: ColumnElement[bool]) -> Matches:
        """Narrow by a term."""
        return replace(self, terms=(*self.terms, term))


_EXTENDED_TO: Final = type_coerce(_HELD.extended_to, BigInteger)
_START: Final = type_coerce(_HELD.assigned_at, BigInteger)
_DAY: Final = 24 * 60 * 60 * 1_000_000
"""In microseconds."""
_ENDS_BY_PACKAGE: Final = or_(
    _HELD.extended_to.is_(None), _HELD.expires_at.is_(None), _HELD.extended_to < _HELD.expires_at
)


_GIVEN: Final = {"word": 0, "low": 1, "high": 2, "to_revision": 4}
"""What `GrantedTerm` is made of, and its place in a row."""
_COMPARISONS: Final[Mapping[AmountThen, Judge]] = {"less": lt, "as-much": eq, "more": gt}


def _of_row(rows: TableValuedAlias) -> GrantedTerm:
    return GrantedTerm(*(lists.field(rows, place, name) for name, place in _GIVEN.items()))


def _is_of_package(moves: FromClause) -> ColumnElement[bool]:
    return moves.c.package_id == _HELD.package_id


def _is_to_held(moves: FromClause) -> ColumnElement[bool]:
    return and_(_is_of_package(moves), moves.c.to_revision == _HELD.revision)


def _ends_later(rows: TableValuedAlias) -> ColumnElement[bool]:
    """Say that a row's days after the start are later than what the subscription was extended to."""
    end = _START + lists.field(rows, 0, "days") * _DAY
    return and_(_started(rows), or_(_EXTENDED_TO.is_(None), end > _EXTENDED_TO))


def _started(rows: TableValuedAlias) -> ColumnElement[bool]:
    return and_(lists.field(rows, 1, "low") <= _START, lists.field(rows, 2, "high") >= _START)


def of_all_asked(conditions: Sequence[Condition], values: Mapping[str, object]) -> Matches:
    """Match all that is asked by these values of the parameters."""
    matches, _ = _of_all_asked(conditions)
    return replace(matches, values=values)


def counted(conditions: Sequence[Condition]) -> Select[Any]:
    """Select question, revision and count for each row of `asked` that anybody matches."""
    matches, asked = _of_all_asked(conditions)
    each = (asked.c.question, asked.c.revision)
    return matches.select(*each, func.count()).group_by(*each)


def of_one_revision(conditions: Sequence[Condition]) -> Matches:
    """Match one revision's holders; the parameters are those of a row of `asked`."""
    return _narrowed(tables.subscriptions, conditions, None)


def _of_all_asked(conditions: Sequence[Condition]) -> tuple[Matches, FromClause]:
    asked = lists.listed(ASKED, (*COLUMNS, *operands(conditions).beside))
    held = and_(_HELD.package_id == asked.c.package_id, _HELD.revision == asked.c.revision)
    return _narrowed(asked.join(tables.subscriptions, held), conditions, asked), asked


def _narrowed(source: FromClause, conditions: Sequence[Condition], asked: FromClause | None) -> Matches:
    is_active = _HELD.active_until > bindparam("at", type_=BigInteger)
    if EndedToo() in conditions:
        is_active = _HELD.active_until > ALWAYS_PAST
    matches = Matches(source, (is_active,))
    if asked is None:
        for name in ("package_id", "revision"):
            matches = matches.where(_HELD[name] == bindparam(name))
    for slot, condition in slots(conditions):
        matches = _Slot(slot, asked).narrow(matches, condition)
    return matches


def _is_of_clients(alternative: Alternative) -> bool:
    match alternative:
        case UsesMoreThan(meter):
            return counts_members(meter)
        case UsesBeyond(term):
            return counts_members(term)
        case OwnerNotIn():
            return True
        case AssignedIn() | AfterMove() | ShortenedIn() | LengthenedIn() | ExtendedBeyond():
            return False


class _Slot(Struct, frozen=True):
    """The place of one condition in a statement.

    Attributes:
        asked: The questions that are matched; None where the parameters are one.
    """

    number: int
    asked: FromClause | None

    def narrow(self, matches: Matches, condition: Condition) -> Matches:  # noqa: C901, PLR0911, PLR0912 - each
        match condition:
            case UsesMoreThan(meter) if not counts_members(meter):
                return self._with_usage(matches, condition)
            case UsesBeyond(term) if not counts_members(term):
                return self._with_usage(matches, condition)
            case UsesMoreThan() | UsesBeyond() | OwnerIn() | OwnerNotIn():
                return self._with_clients(matches, condition)
            case AfterMove(has=has):
                return matches.where(self._has(has, self._given))
            case GrantEnds():
                return matches.where(self._has_ending_grant())
            case ShortenedIn() | LengthenedIn() | ExtendedBeyond() | NotExtendedBeyond():
                return matches.where(self._of_extension(condition))
            case AssignedIn():
                return matches.where(self._has_started)
            case OneOf():
                return matches.where(self._is_named(_HELD.client_id))
            case NotOneOf():
                return matches.where(~self._is_named(_HELD.client_id))
            case HeldSince():
                return matches.where(self._holds_since)
            case LostUnder():
                return matches.where(has_moved(_HELD.client_id, self._rows, _is_of_package))
            case LostSince(back_to=None):
                return matches.where(_HELD.client_id.in_(self._losers))
            case LostSince():
                by_hand = _HELD.client_id.in_(events.losers(self._since))
                return matches.where(or_(by_hand, self._has_lost_otherwise))
            case EndedToo():
                return matches
            case UpTo():
                return matches.where(_HELD.client_id <= self._value(f"word{self.number}"))
            case AnyOf(alternatives):
                return self._with_any(matches, alternatives)

    def _of_extension(
        self, condition: ShortenedIn | LengthenedIn | ExtendedBeyond | NotExtendedBeyond
    ) -> ColumnElement[bool]:
        match condition:
            case ShortenedIn():
                return and_(self._has_started, _ENDS_BY_PACKAGE)
            case LengthenedIn():
                return self._is_any(_ends_later)
            case ExtendedBeyond():
                return self._value(f"low{self.number}") < _EXTENDED_TO
            case NotExtendedBeyond():
                return or_(_EXTENDED_TO.is_(None), self._value(f"low{self.number}") >= _EXTENDED_TO)

    def _with_usage(self, matches: Matches, condition: UsesMoreThan | UsesBeyond) -> Matches:
        usage = tables.usage.alias(f"usage{self.number}")
        is_plain = isinstance(condition, UsesMoreThan)
        meter, bar = ("word", "low") if is_plain else ("meter", "high")
        found = matches.join(
            usage,
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == self._value(f"{meter}{self.number}"),
            usage.c.client_id == _HELD.client_id,
            usage.c.amount > self._value(f"{bar}{self.number}"),
        )
        return found if is_plain else found.where(self._is_beyond(usage.c.amount, self._given))

    @property
    def _holds_since(self) -> ColumnElement[bool]:
        moves = tables.moves.alias(f"moves{self.number}")
        moved = exists().where(
            moves.c.run_id == self._value(f"low{self.number}"),
            moves.c.client_id == _HELD.client_id,
            moves.c.package_id == _HELD.package_id,
            moves.c.from_revision == self._value(f"high{self.number}"),
            moves.c.assigned_at == _HELD.assigned_at,
        )
        return moved.correlate_except(moves)

    @property
    def _losers(self) -> CompoundSelect[Any]:
        """Select who lost something by runs and by hands: what does not depend on who is asked about."""
        return union_all(moved_in_any(f"lost{self.number}"), events.losers(self._since))

    @property
    def _since(self) -> BindParameter[datetime]:
        return bindparam(f"since{self.number}", type_=Instant)

    @property
    def _has_lost_otherwise(self) -> ColumnElement[bool]:
        """Say that a run took something by another move than from the revision that is returned to."""
        name, back_to = f"lost{self.number}", self._value(f"to_revision{self.number}")
        rows = lists.rows_of(bindparam(name, type_=Text), f"{name}_each")
        return has_moved(
            _HELD.client_id,
            rows,
            lambda moves: not_(and_(_is_to_held(moves), moves.c.from_revision == back_to)),
        )

    @property
    def _given(self) -> GrantedTerm:
        return GrantedTerm(*(self._value(f"{name}{self.number}") for name in _GIVEN))

    def _has(self, what: AmountThen, given: GrantedTerm) -> ColumnElement[bool]:
        """Say how what is had after a move compares with now."""
        is_so = _COMPARISONS[what]
        return self._with_grants(given, is_so(given.left, given.held), is_so)

    def _is_beyond(self, used: ColumnElement[int], given: GrantedTerm) -> ColumnElement[bool]:
        """Say that less is had after a move than now and than is used."""
        without = and_(given.left < given.held, used > given.left)
        return self._with_grants(given, without, lambda then, now: and_(then < now, used > then))

    def _with_grants(
        self, given: GrantedTerm, without: ColumnElement[bool], judge: Judge
    ) -> ColumnElement[bool]:
        """Say one thing of who never had a grant, and one of all others."""
        grants = tables.grants.alias(f"grants{self.number}")
        judged = of_term(grants, given, bindparam("at", type_=BigInteger), judge)
        return or_(and_(not_(_HELD.is_granted), without), and_(_HELD.is_granted, judged))

    def _has_ending_grant(self) -> ColumnElement[bool]:
        grants = tables.grants.alias(f"ending{self.number}")
        counts = counting(grants.c, bindparam("at", type_=BigInteger))
        found = exists().where(counts, grants.c.revision.is_not(None))
        return and_(_HELD.is_granted, found.correlate_except(grants))

    def _with_clients(
        self, matches: Matches, condition: UsesMoreThan | UsesBeyond | OwnerIn | OwnerNotIn
    ) -> Matches:
        clients = tables.clients.alias(f"clients{self.number}")
        matches = matches.join(clients, clients.c.id == _HELD.client_id)
        match condition:
            case UsesMoreThan():
                return matches.where(clients.c.users > self._value(f"low{self.number}"))
            case UsesBeyond():
                return matches.where(self._is_beyond(clients.c.users, self._given))
            case OwnerIn():
                return matches.where(self._is_named(clients.c.normal_email))
            case OwnerNotIn():
                return matches.where(~self._is_named(clients.c.normal_email))

    def _with_any(self, matches: Matches, alternatives: Sequence[Alternative]) -> Matches:
        """Let in who meets one of them. A kind stands in the statement once, however many there are of it."""
        kinds = {place(each): each for each in alternatives}
        clients = tables.clients.alias(f"clients{self.number}")
        if any(map(_is_of_clients, kinds.values())):
            matches = matches.join(clients, clients.c.id == _HELD.client_id)
        parts = ((_Slot(self.number + number, self.asked), each) for number, each in sorted(kinds.items()))
        return matches.where(or_(false(), *(part.is_met(each, clients) for part, each in parts)))

    def is_met(  # noqa: C901, PLR0911 - a return per case
        self, alternative: Alternative, clients: FromClause
    ) -> ColumnElement[bool]:
        """Say that one of the alternatives of this kind is met."""
        match alternative:
            case AfterMove(has=has):
                return self._is_any(lambda rows: self._has(has, _of_row(rows)))
            case UsesBeyond(term) if counts_members(term):
                return self._is_any(lambda rows: self._is_beyond(clients.c.users, _of_row(rows)))
            case UsesBeyond():
                return self._is_any(self._is_used_beyond)
            case ShortenedIn():
                return and_(self._has_started, _ENDS_BY_PACKAGE)
            case LengthenedIn():
                return self._is_any(_ends_later)
            case ExtendedBeyond():
                return self._is_any(lambda rows: lists.field(rows, 1, "low") < _EXTENDED_TO)
            case OwnerNotIn():
                return ~self._is_named(clients.c.normal_email)
            case AssignedIn():
                return self._has_started
            case UsesMoreThan(meter) if counts_members(meter):
                return self._is_any(lambda rows: lists.field(rows, 1, "low") < clients.c.users)
            case UsesMoreThan():
                return self._is_any(self._is_used)

    def _is_used(self, rows: TableValuedAlias) -> ColumnElement[bool]:
        """One within the other, so that usage is met by its primary key, once for each alternative."""
        usage = tables.usage.alias(f"usage{self.number}")
        used = exists().where(
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == lists.field(rows, 0, "word"),
            usage.c.client_id == _HELD.client_id,
            usage.c.amount > lists.field(rows, 1, "low"),
        )
        return used.correlate_except(usage)

    def _is_used_beyond(self, rows: TableValuedAlias) -> ColumnElement[bool]:
        usage = tables.usage.alias(f"usage{self.number}")
        used = exists().where(
            usage.c.package_id == _HELD.package_id,
            usage.c.meter == lists.field(rows, 3, "meter"),
            usage.c.client_id == _HELD.client_id,
            self._is_beyond(usage.c.amount, _of_row(rows)),
        )
        return used.correlate_except(usage)

    @property
    def _has_started(self) -> ColumnElement[bool]:
        return self._is_any(_started)

    def _is_any(self, term: Callable[[TableValuedAlias], ColumnElement[bool]]) -> ColumnElement[bool]:
        rows = self._rows
        return exists(select(literal_column("1")).select_from(rows).where(term(rows)).correlate_except(rows))

    def _is_named(self, word: ColumnElement[str]) -> ColumnElement[bool]:
        """Say that a word is in the set, marked: one column and no join, so that a hash is looked up."""
        name = f"set{self.number}"
        rows = lists.rows_of(bindparam(name, type_=Text), name)
        return self._value("mark").concat(word).in_(select(lists.field(rows, 0, "word"))).is_(true())

    @property
    def _rows(self) -> TableValuedAlias:
        name = f"rows{self.number}"
        return lists.rows_of(self._value(name), f"{name}_each")

    def _value(self, name: str) -> ColumnElement[Any]:
        if self.asked is not None:
            value: ColumnElement[Any] = self.asked.c[name]
            return value
        return bindparam(name, type_=lists.typed(name))
