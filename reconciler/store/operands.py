"""The operands of conditions: what a question brings to the statement that it shares with those alike.

Each condition has a slot for what it names. What has one value stands beside the question (`word0`, `low0`,
`high0`), what has few as an array (`rows0`), and words that many clients are looked up in are a set of the
whole statement (`set0`), each marked with its question. Alternatives of one kind share a slot, so that a
statement does not grow with their number.
"""

from __future__ import annotations

from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, get_args

from reconciler.model.questions import (
    AfterMove,
    Alternative,
    AmountThen,
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
from reconciler.model.terms import Term
from reconciler.store.columns import bounds, microseconds
from reconciler.store.grants import NOWHERE
from reconciler.store.lists import array
from reconciler.store.parts import bound, rows_of_all
from reconciler.store.usage import counts_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.store.parts import Part

_KINDS_OF_ALTERNATIVES: Final = 12


class _Row(NamedTuple):
    """What a condition names, each of which needs some of it."""

    word: str = ""
    low: int = 0
    high: int = 0
    meter: str = ""
    to_revision: int = NOWHERE


Lost: TypeAlias = "Mapping[tuple[str, Condition], Sequence[Part]]"
"""Who lost before what a condition on holders of a package speaks of: worked out, and in no column."""
NOBODY: Final[Lost] = MappingProxyType({})


class Operands(NamedTuple):
    """The values of one question's conditions, by name.

    Attributes:
        beside: What stands beside the question.
        sets: What its marked words are among, unmarked.
        shared: What stands in the statement once, and is the same for all questions of one kind.
    """

    beside: Mapping[str, str | int]
    sets: Mapping[str, Sequence[str]]
    shared: Mapping[str, object]


def kind_of(condition: Condition) -> str:
    """Name what of the condition stands in a statement: those of one kind differ in their operands only."""
    match condition:
        case UsesMoreThan(meter) if counts_members(meter):
            return "HasMembers"
        case UsesBeyond(term) if counts_members(term):
            return "HasMembersBeyond"
        case AfterMove(has=has):
            return f"AfterMove {has}"
        case LostSince(instant, back_to):
            return f"LostSince {microseconds(instant)}{' but for a return' if back_to else ''}"
        case AnyOf(alternatives):
            return f"AnyOf({', '.join(sorted(set(map(kind_of, alternatives))))})"
        case _:
            return type(condition).__name__


def slots(conditions: Sequence[Condition]) -> Iterator[tuple[int, Condition]]:
    """Give each condition the first of its slots."""
    return zip(count(step=_KINDS_OF_ALTERNATIVES), conditions, strict=False)


def place(alternative: Alternative) -> int:  # noqa: PLR0911 - a return per case
    """Return which of the slots of `AnyOf` those of the alternative's kind share: 0 is judged cheapest."""
    match alternative:
        case AssignedIn():
            return 0
        case UsesMoreThan(meter):
            return 1 if counts_members(meter) else 3
        case OwnerNotIn():
            return 2
        case AfterMove(has=has):
            return 4 + get_args(AmountThen).index(has)
        case UsesBeyond(term):
            return 7 if counts_members(term) else 8
        case ShortenedIn():
            return 9
        case LengthenedIn():
            return 10
        case ExtendedBeyond():
            return 11


def operands(conditions: Sequence[Condition], package: str = "", lost: Lost = NOBODY) -> Operands:
    """Return what the conditions name; those of one kind give the same names, in the same order."""
    values: dict[str, str | int] = {}
    few: dict[str, set[_Row]] = {}
    sets: dict[str, Sequence[str]] = {}
    shared: dict[str, object] = {}
    for slot, condition in _placed(conditions):
        match condition:
            case OwnerIn(words) | OwnerNotIn(words) | NotOneOf(words) | OneOf(words):
                sets[f"set{slot}"] = words
            case AssignedIn() | ShortenedIn() | LengthenedIn() | AnyOf():
                few.setdefault(f"rows{slot}", set()).update(_rows(condition))
            case LostUnder():
                values[f"rows{slot}"] = array(rows_of_all(lost.get((package, condition), ())))
            case LostSince(instant, back_to):
                values |= {f"to_revision{slot}": back_to} if back_to else {}
                shared |= {
                    **bound(lost.get((package, condition), ()), f"lost{slot}"),
                    f"since{slot}": instant,
                }
            case EndedToo() | GrantEnds():
                pass
            case _:
                (row,) = _rows(condition)
                is_of_grants = isinstance(condition, AfterMove | UsesBeyond)
                named = _Row._fields if is_of_grants else _Row._fields[:3]
                values |= {f"{name}{slot}": getattr(row, name) for name in named}
    return Operands({**values, **{name: array(sorted(rows)) for name, rows in few.items()}}, sets, shared)


def _placed(conditions: Sequence[Condition]) -> Iterator[tuple[int, Condition]]:
    """Give each condition its slot, and alternatives, one by one, that of their kind."""
    for slot, condition in slots(conditions):
        if isinstance(condition, AnyOf):
            for each in sorted(condition.alternatives, key=place):
                yield slot + place(each), each if isinstance(each, OwnerNotIn) else AnyOf((each,))
        else:
            yield slot, condition


def _rows(condition: Condition) -> set[_Row]:  # noqa: C901, PLR0911 - a return per case
    """Return the values of a condition."""
    match condition:
        case UsesMoreThan(meter, amount):
            return {_Row(meter, amount)}
        case UsesBeyond(term, held, left, back_to):
            return {_Row(term, held, left, Term.named(term).key, back_to or NOWHERE)}
        case AfterMove(term, held, left, back_to=back_to):
            return {_Row(term, held, left, to_revision=back_to or NOWHERE)}
        case AssignedIn(windows) | ShortenedIn(windows):
            return {_Row("", *bounds(window)) for window in windows}
        case LengthenedIn(spans):
            return {_Row(str(each.days), *bounds(each)) for each in spans}
        case ExtendedBeyond(instant) | NotExtendedBeyond(instant):
            return {_Row(low=microseconds(instant))}
        case HeldSince(run, from_revision):
            return {_Row(low=run, high=from_revision)}
        case UpTo(client_id):
            return {_Row(client_id)}
        case OneOf(words) | OwnerIn(words) | OwnerNotIn(words) | NotOneOf(words):
            return {_Row(word) for word in words}
        case AnyOf(alternatives):
            return {row for each in alternatives for row in _rows(each)}
        case EndedToo() | GrantEnds() | LostUnder() | LostSince():
            return set()
