"""Granting, revoking and extending by hand (rules 17 and 18)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.live import naming
from reconciler.live.embedded import lookup
from reconciler.live.granting import Recipient, refused_extension
from reconciler.live.rules import Refusal
from reconciler.model.clients import is_lessened
from reconciler.model.expiry import end_of
from reconciler.model.forms import require
from reconciler.model.grants import Extending, Granting, Revoking
from reconciler.model.prospects import Adjusted
from reconciler.store import clients, events, grants, meta
from reconciler.store.events import Deed

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.model.clients import Client
    from reconciler.model.events import Author
    from reconciler.model.grants import Adjustment, Grant
    from reconciler.store.clients import StoredClient


class _Change(Struct, frozen=True):
    """What is to be written for one client.

    Attributes:
        stored: The client afterwards.
        grants: What it has beside its package afterwards.
        new: Of those, the new ones.
        gone: Those that it has no more.
    """

    stored: StoredClient
    grants: tuple[Grant, ...]
    new: tuple[Grant, ...] = ()
    gone: tuple[Grant, ...] = ()


def adjust(
    connection: Connection, client_id: str, adjustment: Adjustment, at: datetime, by: Author
) -> Client:
    """Grant, revoke or extend, and write down what was done; return the client as it is then."""
    stored, before = lookup.standing(connection, client_id, at)
    change = _change(connection, stored, before, adjustment, at, by)
    after = _seen(connection, change, before, at)
    grants.add(connection, (grants.made(stored, each) for each in change.new))
    for each in change.gone:
        grants.remove(connection, client_id, each.id)
    if change.stored != stored:
        clients.rewrite_subscriptions(connection, [change.stored])
    lost = is_lessened(before, after)
    deeds = [replace(each, lost=lost) for each in _deeds(adjustment, change, stored)]
    events.record(connection, deeds, by, at)
    return after


def foreseen(
    connection: Connection, client_id: str, adjustment: Adjustment, at: datetime, by: Author
) -> Adjusted:
    """Return what `adjust` would do now; raises what it would raise."""
    stored, before = lookup.standing(connection, client_id, at)
    change = _change(connection, stored, before, adjustment, at, by)
    return Adjusted(before, _seen(connection, change, before, at))


def _seen(connection: Connection, change: _Change, before: Client, at: datetime) -> Client:
    snapshot = lookup.held(connection, change.stored)
    return lookup.seen(change.stored, snapshot, before.usage, at, change.grants)


def _change(  # noqa: PLR0913, PLR0917 - the client as kept and as seen, what, when and by whom
    connection: Connection,
    stored: StoredClient,
    client: Client,
    adjustment: Adjustment,
    at: datetime,
    by: Author,
) -> _Change:
    require(naming.of_readable(adjustment))
    snapshot = lookup.held(connection, stored)
    match adjustment:
        case Granting():
            new = Recipient(client, snapshot, meta.catalog(connection), at).granted(
                adjustment, by, grants.new_id
            )
            if isinstance(new, Refusal):
                raise _blocked(client, new)
            return _Change(replace(stored, is_granted=True), (*client.grants, *new), new)
        case Revoking(id_):
            gone = tuple(each for each in client.grants if each.id == id_)
            if not gone:
                raise WrongUsageError(
                    f"client `{client.id}` has no grant `{id_}`",
                    hint=f"`clients show {client.id}` lists those that have not ended.",
                )
            left = tuple(each for each in client.grants if each.id != id_)
            return _Change(stored, left, gone=gone)
        case Extending(until):
            refusal = refused_extension(client, until, at)
            if refusal is not None:
                raise _blocked(client, refusal)
            end = end_of(snapshot.expiry, stored.assigned_at, until)
            return _Change(replace(stored, extended_to=until, expires_at=end), client.grants)


def _blocked(client: Client, refusal: Refusal) -> BlockedError:
    return BlockedError(f"client `{client.id}`: {refusal.message}", hint=refusal.fix)


def _deeds(adjustment: Adjustment, change: _Change, was: StoredClient) -> list[Deed]:
    if isinstance(adjustment, Extending):
        return [Deed("extend", was.number, was.package, ends(was), ends(change.stored))]
    granted = [granting(was, was.package, each) for each in change.new]
    return granted + [revocation(was, was.package, each) for each in change.gone]


def granting(client: StoredClient, package: str, grant: Grant) -> Deed:
    """Return what is written down where a client is granted something."""
    return Deed("grant", client.number, package, after=_told(client, grant))


def revocation(client: StoredClient, package: str, grant: Grant) -> Deed:
    """Return what is written down where a grant is taken back: who gave it and why, too."""
    given = {"author": grant.author, "reason": grant.reason}
    return Deed("revoke", client.number, package, before={**_told(client, grant), **given})


def ends(client: StoredClient) -> dict[str, Any]:
    """Return when a subscription ends, as events have it."""
    sides = (("extended_to", client.extended_to), ("expires_at", client.expires_at))
    return {name: None if at is None else at.isoformat() for name, at in sides}


def _told(client: StoredClient, grant: Grant) -> dict[str, Any]:
    """Return all that is known of a grant but who gave it and why, which the event says.

    The numbers of what it ends with are among it, so that it can be given again as long as that goes on.
    """
    stored = grants.made(client, grant)
    numbers = {name: getattr(stored, name) for name in grants.NUMBERED}
    stated = {**asdict(grant), **{name: each for name, each in numbers.items() if each is not None}}.items()
    told = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in stated}
    return {name: each for name, each in told.items() if name not in {"author", "reason"}}
