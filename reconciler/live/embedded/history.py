"""What was done to one client or one package, from events, moves and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.live.embedded import lookup
from reconciler.planning.history import of_event, package_history
from reconciler.store import events, moves, runs

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.model.history import HistoryEntry


def of_client(connection: Connection, client_id: str, limit: int | None) -> tuple[HistoryEntry, ...]:
    """Return what was done to a client, newest first; raises `WrongUsageError` where there is none."""
    client = lookup.client(connection, client_id)
    by_hand = map(of_event, events.of_client(connection, client.number, limit))
    by_runs = moves.of_client(connection, client.id, limit)
    return tuple(sorted([*by_hand, *by_runs], key=lambda each: each.at, reverse=True)[:limit])


def of_package(connection: Connection, key: str, limit: int | None) -> tuple[HistoryEntry, ...]:
    """Return what was done to a package, newest first; raises `WrongUsageError` where there is none."""
    found = lookup.package(connection, key)
    written = runs.of_package(connection, found.id)
    return package_history(written, lambda former: events.of_package(connection, former), key)[:limit]
