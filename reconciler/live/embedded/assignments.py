"""What clients do by hand: being assigned, using, growing, beginning a cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.live.embedded import lookup
from reconciler.live.rules import carried_over, granted, refused_assignment
from reconciler.model.expiry import end_of
from reconciler.model.grants import kept_on_assignment, spent_in_cycle
from reconciler.model.prospects import Assignment
from reconciler.model.quantities import LARGEST_QUANTITY, UNLIMITED, allowance
from reconciler.model.terms import USERS
from reconciler.planning.client_diff import prospect_anew
from reconciler.planning.moving import Moved, Movements
from reconciler.store import clients, events, grants, meta, usage
from reconciler.store.events import Deed
from reconciler.store.usage import StoredUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.embedded.lookup import Offer
    from reconciler.model.catalog import Catalog
    from reconciler.model.clients import Client
    from reconciler.model.events import Author
    from reconciler.store.clients import StoredClient


def assigned(client: StoredClient, holding: Mapping[str, Any]) -> StoredClient:
    """Return the client holding this: its cycle is a new one too, so that what ends with either has ended."""
    return replace(
        client, **holding, extended_to=None, cycle=client.cycle + 1, assignment=client.assignment + 1
    )


def holding_of(offer: Offer, at: datetime) -> dict[str, Any]:
    """Return what a client has who holds a new snapshot of what is offered, from `at` on (rules 2, 4, 10)."""
    head = offer.package.head
    return {
        "package_id": offer.package.id,
        "package": head.key,
        "revision": head.revision,
        "current_revision": head.revision,
        "digest": head.digest,
        "assigned_at": at,
        "expires_at": end_of(offer.definition.expiry, at),
    }


def assign(connection: Connection, client_id: str, key: str, at: datetime, by: Author) -> Client:
    """Give a client a package by hand, and return it as it is then (rules 2, 5, 8, 10)."""
    catalog = meta.catalog_later(connection)
    client, was, offer = _assignable(connection, client_id, key, at)
    kept = _end_cycle(connection, client, was, offer.package.id, catalog)
    after = assigned(client, holding_of(offer, at))
    clients.rewrite_subscriptions(connection, [after])
    held = lookup.held(connection, client), key, offer.definition, after.expires_at
    lost = Movements(at).note(Moved(was, *held, kept_on_assignment(was.grants)))
    events.record(connection, [holding_changed("assign", client, after, lost=lost)], by, at)
    granted = grants.of_client(connection, after, at)
    return lookup.seen(after, offer.definition, kept, at, granted)


def holding_changed(kind: str, before: StoredClient | None, after: StoredClient, *, lost: bool) -> Deed:
    """Return what is written down where a client holds something else from now on."""
    was = None if before is None else _holding(before)
    return Deed(kind, after.number, after.package, was, _holding(after), lost=lost)


def _holding(client: StoredClient) -> dict[str, Any]:
    ends, extended_to = client.expires_at, client.extended_to
    return {
        "package": client.package,
        "revision": client.revision,
        "assigned_at": client.assigned_at.isoformat(),
        "expires_at": None if ends is None else ends.isoformat(),
        **({} if extended_to is None else {"extended_to": extended_to.isoformat()}),
    }


def foreseen(connection: Connection, client_id: str, key: str, at: datetime) -> Assignment:
    """Return what `assign` would do now; raises what it would raise."""
    stored, client, offer = _assignable(connection, client_id, key, at)
    snapshot = lookup.held(connection, stored)
    kept = carried_over(client.usage, snapshot, meta.catalog(connection))
    restarted = {meter: used for meter, used in client.usage.items() if meter not in kept}
    brought = prospect_anew(client, snapshot, offer.definition, at, restarted)
    return Assignment(client, key, offer.package.head.revision, at, brought, restarted)


def _assignable(
    connection: Connection, client_id: str, key: str, at: datetime
) -> tuple[StoredClient, Client, Offer]:
    offered = lookup.offer_later(connection, key)
    stored, client = lookup.standing(connection, client_id, at)
    offer = offered()
    refusal = refused_assignment(offer.package.head, offer.definition, client.owner_email)
    if refusal is not None:
        raise BlockedError(f"client `{client_id}`: {refusal.message}", hint=refusal.fix)
    return stored, client, offer


def start_cycle(connection: Connection, client_id: str, at: datetime) -> None:
    """Begin the client's next cycle: what ends with the one before has ended."""
    catalog = meta.catalog_later(connection)
    client, was = lookup.standing(connection, client_id, at)
    _end_cycle(connection, client, was, client.package_id, catalog)
    clients.rewrite_subscriptions(connection, [replace(client, cycle=client.cycle + 1)])


def _end_cycle(
    connection: Connection,
    client: StoredClient,
    was: Client,
    package_id: int,
    catalog: Callable[[], Catalog | None],
) -> Mapping[str, int]:
    """Set what counts per cycle back to 0; return the rest, which follows the client to what it now holds.

    What was used beyond all else is taken off stocks (rule 17).
    """
    snapshot = lookup.held(connection, client)
    kept = carried_over(was.usage, snapshot, catalog()) if was.usage else {}
    usage.replace(connection, [StoredUsage(client.id, package_id, kept)])
    grants.spend(connection, client.id, spent_in_cycle(was.grants, was.usage, snapshot))
    return kept


def record_usage(connection: Connection, client_id: str, meter: str, amount: int, at: datetime) -> int:
    """Add to what was used of one meter and return the total.

    An amount below 0 gives back: that is always allowed, down to 0 (rule 11).
    """
    catalog = meta.catalog_later(connection)
    stored, client = lookup.standing(connection, client_id, at)
    total = client.usage.get(meter, 0) + amount
    if amount >= 0:
        _require_allowed(client, meter, total, catalog)
    elif total < 0:
        raise BlockedError(
            f"client `{client.id}` has used {total - amount} of `{meter}` and cannot give back {-amount}"
        )
    usage.set_amount(connection, client_id, stored.package_id, meter, total)
    return total


def _require_allowed(client: Client, meter: str, total: int, catalog: Callable[[], Catalog | None]) -> None:
    is_stated = meter in client.entitlements.amounts
    quantity = granted(meter, client.entitlements, None if is_stated else catalog())
    subscription = client.subscription
    if quantity is None:
        raise BlockedError(
            f"client `{client.id}` is not entitled to `{meter}`:"
            f" its subscription to `{subscription.package}` is {subscription.status}"
            f"{'' if subscription.status != 'active' else ', and does not grant it'}",
            hint="Assign a package that grants it.",
        )
    cap = LARGEST_QUANTITY if quantity == UNLIMITED else quantity
    if total > cap:
        raise BlockedError(
            f"client `{client.id}` may use {cap} of `{meter}` and would be at {total}",
            hint="Wait for the next cycle, or assign a package that grants more.",
        )


def set_users(connection: Connection, client_id: str, users: int, at: datetime) -> Client:
    """Set the number of team members; fewer are always allowed (rules 6 and 11). Return the client then."""
    if users < 0:
        raise WrongUsageError(f"a client cannot have {users} users", hint="Give a whole number from 0.")
    stored, client = lookup.standing(connection, client_id, at)
    cap = allowance(client.entitlements.caps.get(USERS.key))
    if users > client.users and cap is not None and users > cap:
        raise BlockedError(
            f"client `{client.id}` may have {cap} users and would have {users}",
            hint="Assign a package with a higher user count.",
        )
    clients.rewrite(connection, [replace(stored, users=users)])
    return replace(client, users=users)
