"""Statements on how many clients use how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, literal_column, select

from reconciler.model.consumption import Tally
from reconciler.model.terms import CAPS
from reconciler.store import tables
from reconciler.store.columns import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause, Select

_HELD: Final = tables.subscriptions
_PAGE: Final = 2_000


def tallies(connection: Connection, package_id: int, meter: str, at: datetime) -> Iterator[Tally]:
    """Stream clients per amount and revision, smallest amount first, within the connection's transaction."""
    statement = counting(package_id, meter, at)
    rows = connection.execute(statement.execution_options(yield_per=_PAGE))
    return (Tally(*row) for row in rows)


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
