"""Stored clients as the port shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.live.embedded import lookup
from reconciler.model.clients import Client, Subscription, entitlements_of, subscription_status
from reconciler.store import clients, usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.packages import Definition
    from reconciler.store.clients import StoredClient


def view(connection: Connection, client_id: str, at: datetime) -> Client:
    """Show one client at an instant; raises `WrongUsageError` where there is none."""
    stored = lookup.client(connection, client_id)
    used = usage.of_client(connection, stored.id)
    return seen(stored, lookup.held(connection, stored), used, at)


def stream(
    connection: Connection, at: datetime, *, package_id: int | None, outdated: bool
) -> Iterator[Client]:
    """Show clients by id, in memory that does not grow with their number."""
    for page in clients.pages(connection, package_id=package_id, outdated=outdated):
        used = usage.of_clients(connection, [stored.id for stored in page])
        held = lookup.all_held(connection, page)
        for stored in page:
            yield seen(stored, held[stored.digest], used.get(stored.id, {}), at)


def seen(stored: StoredClient, snapshot: Definition, used: Mapping[str, int], at: datetime) -> Client:
    """Compute status and entitlements at an instant (rule 4)."""
    status = subscription_status(stored.status, stored.expires_at, at)
    return Client(
        id=stored.id,
        name=stored.name,
        owner_email=stored.owner_email,
        status=stored.status,
        users=stored.users,
        subscription=Subscription(
            package=stored.package,
            revision=stored.revision,
            current_revision=stored.current_revision,
            assigned_at=stored.assigned_at,
            expires_at=stored.expires_at,
            status=status,
        ),
        entitlements=entitlements_of(snapshot, status),
        usage=used,
    )
