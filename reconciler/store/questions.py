"""Questions about clients, one statement per combination of conditions.

The questions of one combination go into the temporary tables `asked` (a row per question and revision) and
`operands` (a row per value that a condition names), and one statement joins them to the index
`ix_subscriptions_held`; usage is met by its primary key. What it costs follows the number of holders of the
packages in question, never the number of clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam

from reconciler.model.questions import Answer, ClientQuestion, Condition
from reconciler.store import packages, scratch, tables
from reconciler.store.alternatives import simplified
from reconciler.store.columns import microseconds
from reconciler.store.conditions import Matches, counted, of_all_asked, of_one_revision
from reconciler.store.operands import kind_of, operand_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

_CLIENT: Final = tables.subscriptions.c.client_id
_PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A question with the number that its rows carry; `package` is None where no package has the key."""

    number: int
    package: int | None
    revisions: tuple[int, ...]
    conditions: tuple[Condition, ...]

    @property
    def kind(self) -> tuple[str, ...]:
        return tuple(map(kind_of, self.conditions))


def answers(
    connection: Connection, questions: Sequence[ClientQuestion], at: datetime, *, sample: int
) -> tuple[Answer, ...]:
    """Answer in the order of the questions, with up to `sample` ids each, by id."""
    numbered = sorted(_numbered(connection, questions), key=lambda question: question.kind)
    found: dict[int, Answer] = {}
    for _, group in groupby(numbered, key=lambda question: question.kind):
        found |= _answered(connection, tuple(group), microseconds(at), sample)
    return tuple(found[number] for number in range(len(questions)))


def matching(connection: Connection, question: ClientQuestion, at: datetime) -> Iterator[str]:
    """Stream the ids of all matching clients, by id, within the transaction of `connection`."""
    statement = ask(connection, question).select(_CLIENT).order_by(_CLIENT)
    rows = connection.execute(statement.execution_options(yield_per=_PAGE), {"at": microseconds(at)})
    return (row.client_id for row in rows)


def nth_matching(connection: Connection, question: ClientQuestion, n: int, at: datetime) -> str | None:
    """Return the id of the `n`-th (from 1) matching client by id; None where fewer match."""
    statement = ask(connection, question).select(_CLIENT).order_by(_CLIENT).offset(n - 1).limit(1)
    row = connection.execute(statement, {"at": microseconds(at)}).one_or_none()
    return None if row is None else str(row.client_id)


def ask(connection: Connection, question: ClientQuestion) -> Matches:
    """Return what matches, for statements with the parameter `at`.

    It holds until something else is asked on this connection.
    """
    numbered = _numbered(connection, [question])
    _fill(connection, numbered)
    return of_all_asked(numbered[0].conditions)


def first_of_revision(conditions: Sequence[Condition]) -> Select[Any]:
    """Return the statement for the first ids, by id; `size` many, and as `of_one_revision` for the rest."""
    return of_one_revision(conditions).select(_CLIENT).order_by(_CLIENT).limit(bindparam("size"))


def _numbered(connection: Connection, questions: Sequence[ClientQuestion]) -> list[_Numbered]:
    known = packages.stored(connection, {question.package for question in questions})
    ids = {key: package.id for key, package in known.items()}
    return [
        _Numbered(
            number,
            ids.get(question.package),
            tuple(sorted(set(question.revisions))),
            simplified(question.conditions),
        )
        for number, question in enumerate(questions)
    ]


def _fill(connection: Connection, questions: Sequence[_Numbered]) -> None:
    scratch.fill(
        connection,
        tables.asked,
        [
            (question.number, question.package, revision)
            for question in questions
            if question.package is not None
            for revision in question.revisions
        ],
    )
    scratch.fill(
        connection,
        tables.operands,
        [(question.number, *row) for question in questions for row in operand_rows(question.conditions)],
    )


def _answered(
    connection: Connection, alike: tuple[_Numbered, ...], at: int, sample: int
) -> Mapping[int, Answer]:
    _fill(connection, alike)
    conditions = alike[0].conditions
    counts: dict[int, dict[int, int]] = {question.number: {} for question in alike}
    for number, revision, count in connection.execute(counted(conditions), {"at": at}):
        if count:
            counts[number][revision] = count
    first = first_of_revision(conditions)
    found = {}
    for question in alike:
        held = counts[question.number]
        asked = {"question": question.number, "package": question.package, "at": at, "size": sample}
        ids = _sample(connection, first, asked, held) if sample else []
        found[question.number] = Answer(sum(held.values()), tuple(ids[:sample]))
    return found


def _sample(
    connection: Connection, first: Select[Any], asked: Mapping[str, int | None], held: Mapping[int, int]
) -> list[str]:
    """Take the first few of each revision that has any, in the order of the index; sorted."""
    return sorted(
        client_id
        for revision in held
        for client_id in connection.execute(first, {**asked, "revision": revision}).scalars()
    )
