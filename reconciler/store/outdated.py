"""Statements on who would get something else from the current revision of what it holds (rule 14)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, select

from reconciler.model.packages import RevisionRef
from reconciler.model.plans import Outdated
from reconciler.model.questions import AssignedIn, ClientQuestion
from reconciler.store import packages, questions, tables
from reconciler.store.columns import microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, FromClause, Select

    from reconciler.model.packages import Definition

_HELD: Final = tables.subscriptions.c


def counts(connection: Connection, at: datetime) -> tuple[Outdated, ...]:
    """Count active subscriptions that the current revision would give something else, sorted (rule 14)."""
    rows = connection.execute(outdatings(at)).all()
    refs = {RevisionRef(row.key, number) for row in rows for number in (row.revision, row.current)}
    known = packages.definitions(connection, refs)
    pairs = {
        (row.key, row.revision): (
            known[RevisionRef(row.key, row.revision)],
            known[RevisionRef(row.key, row.current)],
        )
        for row in rows
    }
    exact = _counted(
        connection, {which: pair for which, pair in pairs.items() if pair[0].differs_by_start(pair[1])}, at
    )
    alike = _extended_alike(connection, rows, known, at)
    found = (
        Outdated(
            package=row.key,
            revision=row.revision,
            clients=exact.get((row.key, row.revision), row.clients) - alike[row.key, row.revision],
            since=row.since,
        )
        for row in rows
    )
    return tuple(each for each in found if each.clients)


def _extended_alike(
    connection: Connection, rows: Sequence[Any], known: Mapping[RevisionRef, Definition], at: datetime
) -> Counter[tuple[str, int]]:
    """Count whom only their own end would set apart, and whose extension ends later than both (rule 18).

    Extensions are given one by one, so that looking at each is no work that grows with the clients.
    """
    current = {(row.key, row.revision): known[RevisionRef(row.key, row.current)] for row in rows}
    found: Counter[tuple[str, int]] = Counter()
    for key, number, start, extended_to in connection.execute(_extended({row.key for row in rows}, at)):
        target = current.get((key, number))
        if target is None:
            continue
        mine = known[RevisionRef(key, number)]
        differs = mine.held_since(start) != target.held_since(start)
        is_alike = mine.held_since(start, extended_to) == target.held_since(start, extended_to)
        found[key, number] += differs and is_alike
    return found


def _extended(keys: Collection[str], at: datetime) -> Select[Any]:
    package = tables.packages.c
    return (
        select(package.key, _HELD.revision, _HELD.assigned_at, _HELD.extended_to)
        .join(tables.subscriptions, _HELD.package_id == package.id)
        .where(_HELD.extended_to.is_not(None), _HELD.active_until > microseconds(at), package.key.in_(keys))
    )


def _counted(
    connection: Connection, pairs: Mapping[tuple[str, int], tuple[Definition, Definition]], at: datetime
) -> dict[tuple[str, int], int]:
    """Count whom it depends on the start, also where some started after `at`."""
    if not pairs:
        return {}
    latest = connection.scalar(select(func.max(_HELD.assigned_at))) or at
    asked = [
        ClientQuestion(key, (number,), (AssignedIn(mine.starts_that_differ(current, at, latest)),))
        for (key, number), (mine, current) in pairs.items()
    ]
    answers = questions.answers(connection, asked, at, sample=0)
    return {which: answer.count for which, answer in zip(pairs, answers, strict=True)}


def outdatings(at: datetime) -> Select[Any]:
    """Return the statement: holders by older revision of other grants, and when the first of those came."""
    package, older = tables.packages.c, _older(at)
    mine, current, later = (tables.revisions.alias(name) for name in ("mine", "current", "later"))
    since = select(func.min(later.c.created_at)).where(
        later.c.package_id == mine.c.package_id,
        later.c.number > mine.c.number,
        later.c.grants_digest != mine.c.grants_digest,
    )
    is_mine = and_(mine.c.package_id == package.id, mine.c.number == older.c.revision)
    is_current = and_(current.c.package_id == package.id, current.c.number == package.revision)
    return (
        select(
            package.key,
            older.c.revision,
            package.revision.label("current"),
            since.scalar_subquery().label("since"),
            older.c.clients,
        )
        .select_from(
            older.join(tables.packages, package.id == older.c.package_id)
            .join(mine, is_mine)
            .join(current, is_current)
        )
        .where(mine.c.grants_digest != current.c.grants_digest)
        .order_by(package.key, older.c.revision)
    )


def _older(at: datetime) -> FromClause:
    """Return active subscriptions to older revisions, counted by package and revision.

    Of each package only the part of the index below its current revision is read: the outer join holds
    databases without statistics to that order.
    """
    package = tables.packages
    held = and_(
        _HELD.package_id == package.c.id,
        _HELD.revision < package.c.revision,
        _HELD.active_until > microseconds(at),
    )
    return (
        select(package.c.id.label("package_id"), _HELD.revision, func.count().label("clients"))
        .select_from(package.outerjoin(tables.subscriptions, held))
        .where(package.c.revision > 1)
        .group_by(package.c.id, _HELD.revision)
        .having(func.count(_HELD.client_id) > 0)
        .subquery("older")
    )
