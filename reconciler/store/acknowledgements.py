"""Statements on the acknowledgements of the last applied run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, delete, insert, select, update

from reconciler.store import packages, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from reconciler.model.losses import Entry
    from reconciler.model.terms import LossVerb

_STATED = tables.acknowledgements.c


class Stored(NamedTuple):
    """An entry, and since when it counts.

    Attributes:
        since_run: The run that was first with it.
        since_revision: The package's current revision before that run; 0 for a new package.
    """

    package_id: int
    package: str
    verb: LossVerb
    term: str
    since_run: int
    since_revision: int
    clients: int
    until: date
    is_spent: bool


def every(connection: Connection) -> tuple[Stored, ...]:
    """Return all entries by package key, verb and term."""
    key = tables.packages.c.key
    columns = [each for each in tables.acknowledgements.columns if each is not _STATED.package_id]
    statement = (
        select(_STATED.package_id, key, *columns)
        .join(tables.packages, tables.packages.c.id == _STATED.package_id)
        .order_by(key, _STATED.verb, _STATED.term)
    )
    rows = connection.execute(statement)
    return tuple(Stored(*row)._replace(until=date.fromisoformat(row.until)) for row in rows)


def spend(connection: Connection, entries: Iterable[Stored]) -> None:
    """Mark entries as spent."""
    for each in entries:
        connection.execute(update(tables.acknowledgements).where(_which(each)).values(is_spent=True))


def replace(
    connection: Connection, wanted: Iterable[Entry], run_id: int, revisions: Mapping[str, int]
) -> None:
    """Keep exactly these entries; one that was there before counts on, and an edited one is not spent.

    `run_id` is the run that is with them; `revisions` are the current ones before it, by key, of the packages
    that it writes.
    """
    known = {(each.package, each.verb, each.term): each for each in every(connection)}
    stated = {(each.package, each.verb, each.term): each for each in wanted}
    for which in known.keys() - stated.keys():
        connection.execute(delete(tables.acknowledgements).where(_which(known[which])))
    heads = packages.stored(connection, {each.package for each in stated.values()})
    for which, entry in stated.items():
        bounds = {"clients": entry.clients, "until": entry.until.isoformat()}
        before, package = known.get(which), heads.get(entry.package)
        if before is not None and (before.clients, before.until) != (entry.clients, entry.until):
            changed = update(tables.acknowledgements).where(_which(before))
            connection.execute(changed.values(is_spent=False, **bounds))
        elif before is None and package is not None:
            row = {
                "package_id": package.id,
                "verb": entry.verb,
                "term": entry.term,
                "since_run": run_id,
                "since_revision": revisions.get(entry.package, package.head.revision),
                "is_spent": False,
            }
            connection.execute(insert(tables.acknowledgements), [{**row, **bounds}])


def _which(each: Stored) -> ColumnElement[bool]:
    return and_(_STATED.package_id == each.package_id, _STATED.verb == each.verb, _STATED.term == each.term)
