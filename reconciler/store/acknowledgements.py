"""Statements on the acknowledgements of the last applied run."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import and_, delete, insert, select, update

from reconciler.model.losses import known_as
from reconciler.model.terms import Term
from reconciler.store import packages, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection

    from reconciler.model.losses import Entry, Known
    from reconciler.model.terms import LossVerb

_STATED = tables.acknowledgements.c


class Stored(NamedTuple):
    """An entry, and since when it counts.

    Attributes:
        since_run: The run that was first with it.
        since_revision: The package's current revision before that run; 0 for a new package.
        erased: How many lost under it who were forgotten since: a total does not shrink (rule 19).
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
    erased: int


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


def count_erased(connection: Connection, entry: Stored) -> None:
    """Have one more count on who lost under the entry, and is erased."""
    values = {"erased": _STATED.erased + 1}
    connection.execute(update(tables.acknowledgements).where(_which(entry)).values(values))


def forget_others(connection: Connection, wanted: Iterable[Entry]) -> None:
    """Forget all entries but these."""
    known = _by_name(connection)
    for entry in wanted:
        _taken(known, entry)
    for other in known.values():
        connection.execute(delete(tables.acknowledgements).where(_which(other)))


def keep(connection: Connection, wanted: Iterable[Entry], run_id: int, revisions: Mapping[str, int]) -> None:
    """Keep these entries; one that was there before counts on, and an edited one is not spent.

    `run_id` is the run that is with them; `revisions` are the current ones before it, by key, of the packages
    that it writes.
    """
    known, stated = _by_name(connection), tuple(wanted)
    heads = packages.stored(connection, {each.package for each in stated})
    for entry in stated:
        before, package = _taken(known, entry), heads.get(entry.package)
        if before is not None:
            _edit(connection, before, entry)
        elif package is not None:
            row = {
                "package_id": package.id,
                "verb": entry.verb,
                "term": entry.term,
                "since_run": run_id,
                "since_revision": revisions.get(entry.package, package.head.revision),
                "clients": entry.clients,
                "until": entry.until.isoformat(),
                "is_spent": False,
                "erased": 0,
            }
            connection.execute(insert(tables.acknowledgements), [row])


def _edit(connection: Connection, before: Stored, entry: Entry) -> None:
    is_edited = (before.clients, before.until) != (entry.clients, entry.until)
    is_told = before.term != entry.term and "/" in entry.term
    if is_edited or is_told:
        values = {
            "term": entry.term if is_told else before.term,
            "clients": entry.clients,
            "until": entry.until.isoformat(),
            "is_spent": before.is_spent and not is_edited,
        }
        connection.execute(update(tables.acknowledgements).where(_which(before)).values(values))


def _by_name(connection: Connection) -> dict[Known, Stored]:
    return {(each.package, each.verb, each.term): each for each in every(connection)}


def _taken(known: dict[Known, Stored], entry: Entry) -> Stored | None:
    """Take out the entry as it is known."""
    names = known_as(entry.package, entry.verb, Term.named(entry.term))
    return next((known.pop(each) for each in names if each in known), None)


def _which(each: Stored) -> ColumnElement[bool]:
    return and_(_STATED.package_id == each.package_id, _STATED.verb == each.verb, _STATED.term == each.term)
