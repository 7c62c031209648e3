"""The operands of conditions: where they stand in the temporary table `operands`, a row per value.

Each condition has a slot for what it names. Alternatives of one kind share one, so that a statement does not
grow with their number.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

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
from reconciler.store.columns import bounds
from reconciler.store.usage import counts_members

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_KINDS_OF_ALTERNATIVES: Final = 5


def kind_of(condition: Condition) -> str:
    """Name what of the condition stands in a statement: those of one kind differ in their operands only."""
    match condition:
        case UsesMoreThan(meter) if counts_members(meter):
            return "HasMembers"
        case AnyOf(alternatives):
            return f"AnyOf({', '.join(sorted(set(map(kind_of, alternatives))))})"
        case _:
            return type(condition).__name__


def slots(conditions: Sequence[Condition]) -> Iterator[tuple[int, Condition]]:
    """Give each condition the first of its slots."""
    return zip(count(step=_KINDS_OF_ALTERNATIVES), conditions, strict=False)


def place(alternative: Alternative) -> int:
    """Return which of the slots of `AnyOf` those of the alternative's kind share: 0 is judged cheapest."""
    match alternative:
        case AssignedIn():
            return 0
        case UsesMoreThan(meter):
            return 1 if counts_members(meter) else 3
        case OwnerNotIn():
            return 2
        case MovedIn():
            return 4


def operand_rows(conditions: Sequence[Condition]) -> set[tuple[int, str, int, int]]:
    """Return the values of the conditions as (slot, word, low, high)."""
    return {row for slot, condition in slots(conditions) for row in _rows(slot, condition)}


def _rows(slot: int, condition: Condition) -> set[tuple[int, str, int, int]]:  # noqa: PLR0911 - a return per case
    match condition:
        case UsesMoreThan(meter, amount):
            return {(slot, meter, amount, 0)}
        case AssignedIn(windows):
            return {(slot, "", *bounds(window)) for window in windows}
        case MovedIn(run, from_revision) | HeldSince(run, from_revision):
            return {(slot, "", run, from_revision)}
        case EndedToo():
            return set()
        case UpTo(client_id):
            return {(slot, client_id, 0, 0)}
        case OwnerIn(words) | OwnerNotIn(words) | OneOf(words) | NotOneOf(words):
            return {(slot, word, 0, 0) for word in words}
        case AnyOf(alternatives):
            return {row for each in alternatives for row in _rows(slot + place(each), each)}
