"""Statements that erase a client, whose number alone stays in events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, update

from reconciler.store import clients, tables
from reconciler.store.events import new_number

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.store.clients import StoredClient

_NAMING: Final = (tables.usage, tables.grants, tables.grant_effects, tables.moves, tables.subscriptions)
"""Tables whose rows name a client in `client_id`."""


def erase(connection: Connection, client_id: str) -> None:
    """Delete all rows of a client."""
    for table in _NAMING:
        connection.execute(delete(table).where(table.c.client_id == client_id))
    connection.execute(delete(tables.clients).where(tables.clients.c.id == client_id))


def replace_id(connection: Connection, client: StoredClient, new_id: str) -> None:
    """Have another id stand wherever this one does, and nothing else of the client beside what it holds."""
    of_clients = tables.clients.c
    clients.introduce(connection, client, new_id, new_number())
    for table in _NAMING:
        named = update(table).where(table.c.client_id == client.id)
        connection.execute(named.values(client_id=new_id))
    connection.execute(delete(tables.clients).where(of_clients.id == client.id))
    own = update(tables.clients).where(of_clients.id == new_id)
    connection.execute(own.values(number=client.number))
