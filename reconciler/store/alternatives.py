"""Conditions as statements are made of them: none that everybody meets, and no two alternatives alike.

So one alternative that is left is a condition like any other, with its own, faster statement.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from reconciler.model.questions import AnyOf, AssignedIn, MovedIn, OwnerNotIn, UsesMoreThan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.questions import Alternative, Condition


def simplified(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return conditions that the same clients meet."""
    merged = (_merged(condition) if isinstance(condition, AnyOf) else condition for condition in conditions)
    return tuple(condition for condition in merged if not _is_always_met(condition))


def _is_always_met(condition: Condition) -> bool:
    """Whether any client meets it.

    A client without a row of usage has used 0, which is more than any amount below; as 0 users are.
    """
    match condition:
        case UsesMoreThan(amount=amount):
            return amount < 0
        case OwnerNotIn(emails):
            return not emails
        case AnyOf(alternatives):
            return any(map(_is_always_met, alternatives))
        case _:
            return False


def _merged(condition: AnyOf) -> Condition:
    stated = condition.alternatives
    merged: tuple[Alternative, ...] = (*_uses(stated), *_owners(stated), *_starts(stated), *_moves(stated))
    return merged[0] if len(merged) == 1 else AnyOf(merged)


def _uses(alternatives: Sequence[Alternative]) -> Iterator[UsesMoreThan]:
    """Of one meter, the least amount lets all in."""
    least: dict[str, int] = {}
    for each in alternatives:
        if isinstance(each, UsesMoreThan):
            least[each.meter] = min(each.amount, least.get(each.meter, each.amount))
    return (UsesMoreThan(meter, amount) for meter, amount in sorted(least.items()))


def _owners(alternatives: Sequence[Alternative]) -> Iterator[OwnerNotIn]:
    """Who is on every list meets none of them, and nobody else."""
    lists = [set(each.emails) for each in alternatives if isinstance(each, OwnerNotIn)]
    if lists:
        yield OwnerNotIn(tuple(sorted(set.intersection(*lists))))


def _moves(alternatives: Sequence[Alternative]) -> Iterator[MovedIn]:
    return iter(dict.fromkeys(each for each in alternatives if isinstance(each, MovedIn)))


def _starts(alternatives: Sequence[Alternative]) -> Iterator[AssignedIn]:
    windows = [each.windows for each in alternatives if isinstance(each, AssignedIn)]
    if windows:
        yield AssignedIn(tuple(chain.from_iterable(windows)))
