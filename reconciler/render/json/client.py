"""One client as the API gives it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.render.json.values import instant, line

if TYPE_CHECKING:
    from reconciler.model.clients import Client, ImportReport, Subscription


def client_json(client: Client) -> str:
    """Return the client on one line."""
    return line(client_document(client))


def client_document(client: Client) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "id": client.id,
        "name": client.name,
        "owner_email": client.owner_email,
        "status": client.status,
        "users": client.users,
        "subscription": _subscription(client.subscription),
        "entitlements": client.entitlements.as_document(),
        "usage": dict(client.usage),
    }


def import_json(report: ImportReport) -> str:
    """Return what an import did."""
    return line({"added": report.added, "updated": report.updated})


def _subscription(held: Subscription) -> dict[str, Any]:
    return {
        "package": held.package,
        "revision": held.revision,
        "current_revision": held.current_revision,
        "assigned_at": instant(held.assigned_at),
        "expires_at": None if held.expires_at is None else instant(held.expires_at),
        "status": held.status,
    }
