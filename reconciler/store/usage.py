"""Statements on what clients have used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, update

from reconciler.store import tables
from reconciler.store.bulk import insert_all
from reconciler.store.dialects import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from reconciler.store.clients import StoredClient

_USAGE: Final = tables.usage.c

_OF_ONE: Final = (
    select(_USAGE.meter, _USAGE.amount)
    .where(_USAGE.client_id == bindparam("client"), _USAGE.amount > 0)
    .order_by(_USAGE.meter)
)


@dataclass(frozen=True, slots=True)
class StoredUsage:
    """All that one client has used, per meter; `package_id` is that of the package it holds."""

    client_id: str
    package_id: int
    amounts: Mapping[str, int]


def of_client(connection: Connection, client_id: str) -> dict[str, int]:
    """Return one client's usage above 0 per meter, sorted."""
    rows = connection.execute(_OF_ONE, {"client": client_id})
    return {row.meter: row.amount for row in rows}


def of_clients(connection: Connection, ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return usage above 0 per client and meter, meters sorted; clients without any are left out."""
    found: dict[str, dict[str, int]] = {}
    for chunk in chunks(ids):
        statement = (
            select(_USAGE.client_id, _USAGE.meter, _USAGE.amount)
            .where(_USAGE.client_id.in_(chunk), _USAGE.amount > 0)
            .order_by(_USAGE.client_id, _USAGE.meter)
        )
        for client_id, meter, amount in connection.execute(statement):
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
        connection.execute(delete(tables.usage).where(_USAGE.client_id.in_(chunk)))
    add(connection, changed)


def set_amount(connection: Connection, client: StoredClient, meter: str, amount: int) -> None:
    """Set the usage of one meter."""
    row = {"package_id": client.package_id, "meter": meter, "client_id": client.id}
    mine = [tables.usage.c[name] == value for name, value in row.items()]
    if not connection.execute(update(tables.usage).where(*mine).values(amount=amount)).rowcount:
        connection.execute(insert(tables.usage).values({**row, "amount": amount}))
