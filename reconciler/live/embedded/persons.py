"""What is known of a client as a person: changing it, and forgetting it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.errors import BlockedError
from reconciler.live.embedded import lookup, losses
from reconciler.model.clients import Forgotten, Mention
from reconciler.model.emails import normal_email
from reconciler.model.events import FORGET, LOST_AT
from reconciler.store import clients, events, forgetting, idempotency, packages, runs
from reconciler.store.events import Deed

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.clients import ClientUpdate
    from reconciler.model.events import Author
    from reconciler.store.clients import StoredClient


def update(connection: Connection, stated: ClientUpdate, at: datetime, by: Author) -> None:
    """Change what is stated; an event names what changed, and keeps no value that is personal."""
    before = lookup.client(connection, stated.id)
    after = replace(
        before,
        name=before.name if stated.name is None else stated.name,
        owner_email=before.owner_email if stated.owner_email is None else stated.owner_email,
        status=stated.status or before.status,
    )
    if after != before:
        clients.rewrite(connection, [after])
        events.record(connection, [updated(before, after)], by, at)


def updated(before: StoredClient, after: StoredClient) -> Deed:
    """Return what is written down where a client is called otherwise, or has another status."""
    named = [name for name in ("name", "owner_email") if getattr(before, name) != getattr(after, name)]
    told: dict[str, Any] = {"changed": named} if named else {}
    is_other = before.status != after.status
    was = {"status": before.status} if is_other else {}
    return Deed(
        "update", after.number, after.package, was, {**told, **({"status": after.status} if is_other else {})}
    )


def forget(
    connection: Connection, client_id: str, at: datetime, by: Author, *, replaced_by: str | None
) -> Forgotten:
    """Erase a client, or all of it but what it holds under another id, and kept answers that name it."""
    client = lookup.client(connection, client_id)
    if replaced_by is not None and replaced_by in clients.stored(connection, [replaced_by]):
        raise BlockedError(f"client `{replaced_by}` exists", hint="Choose an id that nobody has.")
    told: dict[str, Any] = {"replaced": replaced_by is not None}
    if replaced_by is None:
        lost_at = losses.count_on(connection, client)
        told |= {} if lost_at is None else {LOST_AT: lost_at.isoformat()}
        forgetting.erase(connection, client.id)
    else:
        forgetting.replace_id(connection, client, replaced_by)
    idempotency.forget_naming(connection, client.id, client.owner_email)
    events.record(connection, [Deed(FORGET, client.number, client.package, None, told)], by, at)
    naming = packages.reserved_to(connection, normal_email(client.owner_email))
    return Forgotten(
        revisions=tuple(Mention(*each) for each in naming), runs=runs.naming(connection, client.id)
    )
