"""Questions about clients, one statement per combination of conditions.

The questions of one combination are one bound list, a row per question and revision with what its conditions
name, and one statement joins it to the index `ix_subscriptions_held`; usage is met by its primary key. What
it costs follows the number of holders of the packages in question, never the number of clients.
"""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from sqlalchemy import bindparam

from reconciler.model.questions import (
    AfterMove,
    Answer,
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    ExtendedBeyond,
    LengthenedIn,
    OwnerNotIn,
    ShortenedIn,
    UsesBeyond,
    UsesMoreThan,
)
from reconciler.store import packages, tables
from reconciler.store.columns import microseconds
from reconciler.store.conditions import ASKED, COLUMNS, Matches, counted, of_all_asked, of_one_revision
from reconciler.store.lists import array, binding
from reconciler.store.operands import NOBODY, Operands, kind_of, operands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from reconciler.model.questions import Alternative
    from reconciler.store.operands import Lost


def simplified(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return conditions that the same clients meet: none that all meet, and no two alternatives alike.

    So one alternative that is left is a condition like any other, with its own, faster statement.
    """
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
    merged: tuple[Alternative, ...] = (*_uses(stated), *_owners(stated), *_starts(stated), *_rest(stated))
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


def _rest(alternatives: Sequence[Alternative]) -> Iterator[Alternative]:
    kinds = AfterMove, UsesBeyond, ShortenedIn, LengthenedIn, ExtendedBeyond
    return iter(dict.fromkeys(each for each in alternatives if isinstance(each, kinds)))


def _starts(alternatives: Sequence[Alternative]) -> Iterator[AssignedIn]:
    windows = [each.windows for each in alternatives if isinstance(each, AssignedIn)]
    if windows:
        yield AssignedIn(tuple(chain.from_iterable(windows)))


_CLIENT: Final = tables.subscriptions.c.client_id
_PAGE: Final = 2_000


class _Numbered(Struct, frozen=True):
    """A question with the number that its rows carry; `package` is None where no package has the key."""

    number: int
    package: int | None
    revisions: tuple[int, ...]
    conditions: tuple[Condition, ...]
    operands: Operands

    @property
    def kind(self) -> tuple[str, ...]:
        return tuple(map(kind_of, self.conditions))

    @property
    def mark(self) -> str:
        return f"{self.number} "

    @property
    def rows(self) -> Iterator[tuple[object, ...]]:
        if self.package is not None:
            beside = self.operands.beside.values()
            for revision in self.revisions:
                yield self.number, self.package, revision, self.mark, *beside


def answers(
    connection: Connection,
    questions: Sequence[ClientQuestion],
    at: datetime,
    *,
    sample: int,
    lost: Lost = NOBODY,
) -> tuple[Answer, ...]:
    """Answer in the order of the questions, with up to `sample` ids each, by id."""
    numbered = sorted(_numbered(connection, questions, lost), key=lambda question: question.kind)
    found: dict[int, Answer] = {}
    for _, group in groupby(numbered, key=lambda question: question.kind):
        found |= _answered(connection, tuple(group), microseconds(at), sample)
    return tuple(found[number] for number in range(len(questions)))


def matching(
    connection: Connection, question: ClientQuestion, at: datetime, lost: Lost = NOBODY
) -> Iterator[str]:
    """Stream the ids of all matching clients, by id, within the transaction of `connection`."""
    statement = ask(connection, question, at, lost).select(_CLIENT).order_by(_CLIENT)
    with connection.execute(statement.execution_options(yield_per=_PAGE)) as rows:
        yield from (row.client_id for row in rows)


def nth_matching(
    connection: Connection, question: ClientQuestion, n: int, at: datetime, lost: Lost = NOBODY
) -> str | None:
    """Return the id of the `n`-th (from 1) matching client by id; None where fewer match."""
    statement = ask(connection, question, at, lost).select(_CLIENT).order_by(_CLIENT)
    row = connection.execute(statement.offset(n - 1).limit(1)).one_or_none()
    return None if row is None else str(row.client_id)


def ask(connection: Connection, question: ClientQuestion, at: datetime, lost: Lost = NOBODY) -> Matches:
    """Return what matches."""
    (numbered,) = _numbered(connection, [question], lost)
    return of_all_asked(numbered.conditions, _values([numbered], microseconds(at)))


def first_of_revision(conditions: Sequence[Condition]) -> Select[Any]:
    """Return the statement for the first ids, by id, `size` many."""
    return of_one_revision(conditions).select(_CLIENT).order_by(_CLIENT).limit(bindparam("size"))


def _numbered(connection: Connection, questions: Sequence[ClientQuestion], lost: Lost) -> list[_Numbered]:
    known = packages.stored(connection, {question.package for question in questions})
    ids = {key: package.id for key, package in known.items()}
    asked = []
    for number, question in enumerate(questions):
        conditions = simplified(question.conditions)
        revisions = tuple(sorted(set(question.revisions)))
        of_package = (ids.get(question.package), revisions, conditions)
        asked.append(_Numbered(number, *of_package, operands(conditions, question.package, lost)))
    return asked


def _values(alike: Sequence[_Numbered], at: int) -> dict[str, Any]:
    rows = [row for question in alike for row in question.rows]
    return {"at": at, **binding(ASKED, rows), **_sets(alike), **alike[0].operands.shared}


def _sets(alike: Sequence[_Numbered]) -> dict[str, str]:
    return {
        name: array([(question.mark + word,) for question in alike for word in question.operands.sets[name]])
        for name in alike[0].operands.sets
    }


def _answered(
    connection: Connection, alike: tuple[_Numbered, ...], at: int, sample: int
) -> Mapping[int, Answer]:
    conditions = alike[0].conditions
    counts: dict[int, dict[int, int]] = {question.number: {} for question in alike}
    for number, revision, count in connection.execute(counted(conditions), _values(alike, at)):
        counts[number][revision] = count
    first = first_of_revision(conditions)
    found = {}
    for question in alike:
        held = counts[question.number]
        operands_ = question.operands
        own = {"at": at, "size": sample, **operands_.beside, **operands_.shared, **_sets([question])}
        rows = (dict(zip(COLUMNS, row, strict=False)) for row in question.rows)
        asked = [{**own, **row} for row in rows if row["revision"] in held] if sample else []
        ids = sorted(id_ for each in asked for id_ in connection.execute(first, each).scalars())
        found[question.number] = Answer(sum(held.values()), tuple(ids[:sample]))
    return found
