"""Statements on what clients have beside their packages (rule 17)."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)

from reconciler.model.grants import Grant
from reconciler.model.quantities import LARGEST_QUANTITY, UNLIMITED
from reconciler.model.terms import EXPIRY, Term
from reconciler.store import packages, tables
from reconciler.store.bulk import insert_all
from reconciler.store.columns import NEVER, instant_of, microseconds
from reconciler.store.dialects import chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection, FromClause, Select

    from reconciler.model.grants import Until
    from reconciler.model.quantities import Quantity
    from reconciler.store.clients import StoredClient

_GRANTS: Final = tables.grants.c
Judge: TypeAlias = "Callable[[ColumnElement[int], ColumnElement[int]], ColumnElement[bool]]"
"""Says something of two amounts: after a move, and now."""
NUMBERED: Final = ("cycle", "assignment", "revision")
"""What of a client has numbers, with which a grant may end."""
_ENDED: Final = 0
"""Stands for the revision of what ended with a move and is not to come back."""
NOWHERE: Final = -1
"""Stands for the revision that a rollback leads to where a move is none."""


class StoredGrant(Struct, frozen=True):
    """A grant, ended or not, and what it ends with.

    Attributes:
        ends_at: In microseconds; `NEVER` where it has no date.
        cycle: Of the client: it ends with that one.
        assignment: Of the client: it ends with that one.
        revision: Held: it ends when another one is.
    """

    client_id: str
    grant: Grant
    ends_at: int = NEVER
    cycle: int | None = None
    assignment: int | None = None
    revision: int | None = None

    def counts_for(self, client: StoredClient, at: datetime) -> bool:
        """Whether it has not ended for the client as it is."""
        return (
            self.ends_at > microseconds(at)
            and self.cycle in {None, client.cycle}
            and self.assignment in {None, client.assignment}
            and self.revision in {None, client.revision}
        )


def made(client: StoredClient, grant: Grant) -> StoredGrant:
    """Return the grant as it is kept for a client: with the numbers of what it ends with."""
    found = StoredGrant(client.id, grant)
    match grant.until:
        case datetime() as end:
            return replace(found, ends_at=microseconds(end))
        case "cycle":
            return replace(found, cycle=client.cycle)
        case "subscription":
            return replace(found, assignment=client.assignment)
        case "reassigned":
            return replace(found, assignment=client.assignment, revision=client.revision)


def of_client(connection: Connection, client: StoredClient, at: datetime) -> tuple[Grant, ...]:
    """Return what has not ended of what the client was granted; asked only where it ever was."""
    return of_clients(connection, [client], at).get(client.id, ())


def of_clients(
    connection: Connection, some: Collection[StoredClient], at: datetime
) -> dict[str, tuple[Grant, ...]]:
    """Return the same of some hundred clients, by id; those without any are left out."""
    granted = {client.id: client for client in some if client.is_granted}
    found: dict[str, tuple[Grant, ...]] = {}
    for chunk in chunks(granted):
        statement = select(tables.grants).where(_GRANTS.client_id.in_(chunk))
        for row in connection.execute(statement.order_by(_GRANTS.client_id, _GRANTS.term, _GRANTS.id)):
            stored = _stored(row)
            if stored.counts_for(granted[row.client_id], at):
                found[row.client_id] = (*found.get(row.client_id, ()), stored.grant)
    return {id_: tuple(sorted(grants, key=_order)) for id_, grants in found.items()}


def new_id() -> str:
    """Return an id that no other grant of the same client has."""
    return secrets.token_hex(4)


def terms(connection: Connection, keys: Collection[str], at: datetime) -> dict[str, dict[str, bool]]:
    """Return per package key what an active holder was granted, and `expiry` where one was extended.

    Of each, whether one of the grants ends once its client is reassigned. What ended so is told as well:
    a rollback may bring it back.
    """
    held, now = tables.subscriptions.c, microseconds(at)
    found: dict[str, dict[str, bool]] = {}
    for chunk in chunks(keys):
        names = {package.id: key for key, package in packages.stored(connection, chunk).items()}
        active = held.package_id.in_(list(names)), held.active_until > now
        ends, is_over = _GRANTS.revision == held.revision, _GRANTS.revision == _ENDED
        granted = select(held.package_id, _GRANTS.term, func.coalesce(ends, false()))
        granted = granted.where(_of_assignment(_GRANTS, now), is_over.is_not(true()), *active)
        extended = select(held.package_id, literal(str(EXPIRY)), false())
        for statement in (granted, extended.where(*active, held.extended_to.is_not(None))):
            for package_id, term, is_ending in connection.execute(statement.distinct()):
                of_package = found.setdefault(names[package_id], {})
                of_package[term] = of_package.get(term, False) or bool(is_ending)
    return found


def counting(grants: Any, at: Any) -> ColumnElement[bool]:
    """Say that a grant has not ended for the client whose subscription it is joined to."""
    return and_(_of_assignment(grants, at), _lasts_with(grants, tables.subscriptions.c.revision))


def _of_assignment(grants: Any, at: Any) -> ColumnElement[bool]:
    """Say that a grant has not ended, unless with a revision that the client left."""
    held = tables.subscriptions.c
    numbers = (or_(grants[each].is_(None), grants[each] == held[each]) for each in ("cycle", "assignment"))
    return and_(grants.client_id == held.client_id, grants.ends_at > at, *numbers)


def _lasts_with(grants: Any, revision: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(grants.revision.is_(None), grants.revision == revision)


class GrantedTerm(NamedTuple):
    """A term, and what packages give of it now and after a move; see `AfterMove`."""

    term: ColumnElement[str]
    held: ColumnElement[int]
    left: ColumnElement[int]
    back_to: ColumnElement[int]


def of_term(grants: FromClause, given: GrantedTerm, at: Any, judge: Judge) -> ColumnElement[bool]:
    """Say something of how much the client whose subscription it is joined to has after a move, and now.

    All that has not ended counts now; what ends with a move does not count after it (rule 17), unless the
    move is back to the revision on which it was given.
    """
    each = grants.c
    then, now = (
        _raised(base, func.max(case((lasts, each.set_to))), func.sum(case((lasts, each.added - each.spent))))
        for base, lasts in (
            (given.left, _lasts_with(each, given.back_to)),
            (given.held, _lasts_with(each, tables.subscriptions.c.revision)),
        )
    )
    judged = select(judge(then, now)).where(_of_assignment(each, at), each.term == given.term)
    return judged.correlate_except(grants).scalar_subquery()


def _raised(
    base: ColumnElement[int], most: ColumnElement[Any], more: ColumnElement[Any]
) -> ColumnElement[int]:
    """Return what `model.grants.raised` does, where what has no bound is as much as can be."""
    set_to, added = case((most > base, most), else_=base), func.coalesce(more, 0)
    unbounded: ColumnElement[int] = literal_column(str(LARGEST_QUANTITY))
    return case(
        (set_to >= unbounded, unbounded), (set_to + added > unbounded, unbounded), else_=set_to + added
    )


def add(connection: Connection, new: Iterable[StoredGrant]) -> None:
    """Keep new grants."""
    insert_all(connection, tables.grants, [_row(each) for each in new])


def remove(connection: Connection, client_id: str, grant_id: str) -> None:
    """Take a grant away."""
    connection.execute(delete(tables.grants).where(_GRANTS.client_id == client_id, _GRANTS.id == grant_id))


def end_with_reassignment(connection: Connection, client_ids: Collection[str]) -> None:
    """Have what ends with a reassignment ended, whatever revision is held from now on."""
    for chunk in chunks(client_ids):
        which = _GRANTS.client_id.in_(chunk), _GRANTS.revision.is_not(None)
        connection.execute(update(tables.grants).where(*which).values(revision=_ENDED))


def keep_ended(connection: Connection, movers: Select[tuple[str]], revision: int) -> None:
    """Have what ended when this revision was left stay ended, though these clients come to hold it again."""
    which = _GRANTS.revision == revision, _GRANTS.client_id.in_(movers)
    connection.execute(update(tables.grants).where(*which).values(revision=_ENDED))


def spend(connection: Connection, client_id: str, spent: Mapping[str, int]) -> None:
    """Note how much of these stocks, by id, was spent."""
    if spent:
        which = _GRANTS.client_id == client_id, _GRANTS.id == bindparam("grant")
        statement = update(tables.grants).where(*which).values(spent=bindparam("amount"))
        connection.execute(statement, [{"grant": id_, "amount": amount} for id_, amount in spent.items()])


def _order(grant: Grant) -> tuple[str, datetime, str]:
    return grant.term, grant.granted_at, grant.id


def _row(stored: StoredGrant) -> tuple[Any, ...]:
    """Return the values in the order of the columns, as the driver takes them."""
    grant = stored.grant
    return (
        stored.client_id,
        grant.term,
        grant.id,
        grant.add or 0,
        _most(grant),
        grant.once,
        grant.spent,
        stored.ends_at,
        stored.cycle,
        stored.assignment,
        stored.revision,
        microseconds(grant.granted_at),
        grant.author,
        grant.reason,
    )


def _most(grant: Grant) -> int:
    """Return what is set as a number: without bound for a feature, which has no amount."""
    is_unbounded = grant.set_to == UNLIMITED or Term.named(grant.term).section == "features"
    return NEVER if is_unbounded else int(grant.set_to or 0)


def _stored(row: Any) -> StoredGrant:
    is_feature = Term.named(row.term).section == "features"
    grant = Grant(
        id=row.id,
        term=row.term,
        until=_until(row),
        granted_at=row.granted_at,
        author=row.author,
        reason=row.reason,
        add=row.added or None,
        set_to=None if is_feature else _set_to(row.set_to),
        once=row.once,
        spent=row.spent,
    )
    return StoredGrant(row.client_id, grant, row.ends_at, row.cycle, row.assignment, row.revision)


def _set_to(most: int) -> Quantity | None:
    return UNLIMITED if most == NEVER else most or None


def _until(row: Any) -> Until:
    if row.cycle is not None:
        return "cycle"
    if row.revision is not None:
        return "reassigned"
    return "subscription" if row.assignment is not None else instant_of(row.ends_at)
