"""Taking back a grant, a revocation or an extension, where that still can hold (rules 16 to 18)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.live.embedded import adjusting, lookup
from reconciler.live.embedded.crossing import Crossing
from reconciler.live.granting import Recipient
from reconciler.model.expiry import end_of
from reconciler.model.grants import OCCASIONS, Grant
from reconciler.planning.transfers import Return
from reconciler.store import grants, meta
from reconciler.store.events import Deed

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.model.clients import Client
    from reconciler.model.events import Event
    from reconciler.store.clients import StoredClient


def taken_back(
    connection: Connection, event: Event, client: StoredClient | None, at: datetime
) -> Crossing | str:
    """Return the client with what the event took, or without what it gave; or say why that cannot be."""
    if client is None:
        return "there is no such client any more"
    seen = lookup.view(connection, client.id, at)
    if event.is_of_grant:
        if event.after is None:
            return _given_again(connection, event, client, seen, at)
        return _given_back(connection, event.after, client, seen)
    return _shortened(connection, event, client, seen)


def _given_back(
    connection: Connection, given: dict[str, Any], client: StoredClient, seen: Client
) -> Crossing | str:
    gone = next((each for each in seen.grants if each.id == given["id"]), None)
    if gone is None:
        return "the grant was revoked since, or has ended"
    left = tuple(each for each in seen.grants if each is not gone)
    deed = adjusting.revocation(client, client.package, gone)
    return Crossing(
        client, client, _same(connection, client, client, seen, left), seen.usage, gone=gone.id, beside=deed
    )


def _given_again(
    connection: Connection, event: Event, client: StoredClient, seen: Client, at: datetime
) -> Crossing | str:
    told = event.before or {}
    grant = _grant(told)
    stored = replace(
        grants.made(client, grant),
        cycle=told.get("cycle"),
        assignment=told.get("assignment"),
        revision=told.get("revision"),
    )
    if any(each.id == grant.id for each in seen.grants):
        return "it was given again since"
    is_elsewhere = grant.until == "reassigned" and event.package != client.package
    if is_elsewhere or not stored.counts_for(client, at):
        return "what the grant lasted until is over"
    recipient = Recipient(seen, lookup.held(connection, client), meta.catalog(connection), at)
    refusal = recipient.refused(grant)
    if refusal is not None:
        return refusal.message
    then = replace(client, is_granted=True)
    move = _same(connection, client, then, seen, (*seen.grants, grant))
    deed = adjusting.granting(client, client.package, grant)
    return Crossing(client, then, move, seen.usage, given=stored, beside=deed)


def _grant(told: dict[str, Any]) -> Grant:
    until = told["until"] if told["until"] in OCCASIONS else datetime.fromisoformat(told["until"])
    known = {
        name: told[name] for name in ("id", "term", "add", "set_to", "once", "spent", "author", "reason")
    }
    granted_at = datetime.fromisoformat(told["granted_at"])
    return Grant(**known, until=until, granted_at=granted_at)


def _shortened(connection: Connection, event: Event, client: StoredClient, seen: Client) -> Crossing | str:
    before, after = event.before or {}, event.after or {}
    now = client.extended_to and client.extended_to.isoformat()
    if after["extended_to"] != now:
        return "the subscription was extended again, or another one began since"
    then_to = before["extended_to"] and datetime.fromisoformat(before["extended_to"])
    ends = end_of(lookup.held(connection, client).expiry, client.assigned_at, then_to)
    then = replace(client, extended_to=then_to, expires_at=ends)
    deed = Deed("extend", client.number, client.package, adjusting.ends(client), adjusting.ends(then))
    return Crossing(client, then, _same(connection, client, then, seen, seen.grants), seen.usage, beside=deed)


def _same(
    connection: Connection, now: StoredClient, then: StoredClient, seen: Client, kept: tuple[Grant, ...]
) -> Return:
    snapshot = lookup.held(connection, now)
    return Return(seen, snapshot, now.package, now.revision, snapshot, then.expires_at, kept, "same")
