"""Statements on what clients have used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from sqlalchemy import and_, delete, exists, func, literal_column, select

from reconciler.model.questions import Tally
from reconciler.model.terms import CAPS
from reconciler.store import tables
from reconciler.store.bulk import delete_later, insert_all, upsert_later
from reconciler.store.columns import microseconds
from reconciler.store.dialects import chunks
from reconciler.store.lists import binding, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause, Select


_USAGE: Final = tables.usage.c


def _of_some() -> Select[Any]:
    some = listed(_SOME, ("mark",))
    return (
        select(_USAGE.client_id, _USAGE.meter, _USAGE.amount)
        .join(some, _USAGE.client_id == some.c.mark)
        .where(_USAGE.amount > 0)
        .order_by(_USAGE.client_id, _USAGE.meter)
    )


_SOME: Final = "some"
_OF_SOME: Final = _of_some()
_HELD: Final = tables.subscriptions
_PAGE: Final = 2_000


class StoredUsage(Struct, frozen=True):
    """All that one client has used, per meter; `package_id` is that of the package it holds."""

    client_id: str
    package_id: int
    amounts: Mapping[str, int]


def of_clients(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return usage above 0 per client and meter, meters sorted; clients without any are left out."""
    found: dict[str, dict[str, int]] = {}
    for chunk in chunks(ids):
        for client_id, meter, amount in connection.execute(
            _OF_SOME, binding(_SOME, [[each] for each in chunk])
        ):
            found.setdefault(client_id, {})[meter] = amount
    return found


def add(connection: Connection, new: Collection[StoredUsage]) -> None:
    """Insert the usage of clients who have none yet, in the order that the table is clustered by."""
    rows = sorted(
        (used.package_id, meter, used.client_id, amount)
        for used in new
        for meter, amount in used.amounts.items()
    )
    insert_all(connection, tables.usage, rows)


def replace(connection: Connection, changed: Collection[StoredUsage]) -> None:
    """Make the usage of these clients be exactly this."""
    for chunk in chunks({used.client_id for used in changed}):
        if len(chunk) == 1:
            delete_later(connection, tables.usage, {"client_id": chunk[0]})
        else:
            connection.execute(delete(tables.usage).where(_USAGE.client_id.in_(chunk)))
    add(connection, changed)


def set_amount(connection: Connection, client_id: str, package_id: int, meter: str, amount: int) -> None:
    """Set a client's usage of one meter; `package_id` is that of the package it holds."""
    upsert_later(connection, tables.usage, (package_id, meter, client_id, amount))


def tallies(connection: Connection, package_id: int, meter: str, at: datetime) -> Iterator[Tally]:
    """Stream clients per amount and revision, smallest amount first, within the connection's transaction."""
    statement = counting(package_id, meter, at)
    with connection.execute(statement.execution_options(yield_per=_PAGE)) as rows:
        yield from (Tally(*row) for row in rows)


def counting(package_id: int, meter: str, at: datetime) -> Select[Any]:
    """Return the statement; it sorts within the database, and touches the holders of one package only."""
    source, amount = _members() if counts_members(meter) else _used(meter)
    return (
        select(_HELD.c.revision, amount, func.count())
        .select_from(source)
        .where(_HELD.c.package_id == package_id, _HELD.c.active_until > microseconds(at))
        .group_by(amount, _HELD.c.revision)
        .order_by(amount, _HELD.c.revision)
    )


def is_used(meter: str) -> ColumnElement[bool]:
    """Say that whoever holds a subscription has used any of a meter in this cycle."""
    if counts_members(meter):
        return tables.clients.c.users > 0
    mine = tables.usage.c
    used = mine.package_id == _HELD.c.package_id, mine.meter == meter, mine.client_id == _HELD.c.client_id
    return exists().where(*used, mine.amount > 0).correlate(_HELD)


def counts_members(meter: str) -> bool:
    """Whether the meter is the number of a client's team members, which stands beside the client."""
    return meter in CAPS and CAPS[meter].metered == "users"


def _members() -> tuple[FromClause, ColumnElement[int]]:
    clients = tables.clients
    return _HELD.join(clients, clients.c.id == _HELD.c.client_id), clients.c.users


def _used(meter: str) -> tuple[FromClause, ColumnElement[int]]:
    usage = tables.usage
    mine = and_(
        usage.c.package_id == _HELD.c.package_id,
        usage.c.meter == meter,
        usage.c.client_id == _HELD.c.client_id,
    )
    return _HELD.outerjoin(usage, mine), func.coalesce(usage.c.amount, literal_column("0"))
