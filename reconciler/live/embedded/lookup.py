"""Finding what a caller names, or saying what comes near; stored clients as the port shows them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import WrongUsageError
from reconciler.model.clients import Client, Subscription, entitlements_of, subscription_status
from reconciler.model.forms import CLIENT_ID, PACKAGE_KEY, require
from reconciler.model.grants import with_grants
from reconciler.model.packages import RevisionRef
from reconciler.store import clients, grants, packages

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.clients import ClientFilter, Entitlements
    from reconciler.model.grants import Grant
    from reconciler.model.packages import Definition
    from reconciler.store.clients import StoredClient, Using
    from reconciler.store.packages import StoredPackage

_MOST_KEPT: Final = 16_384
_KEPT: Final[dict[str, Definition]] = {}
"""Definitions by digest: what a digest stands for never changes, whichever platform it is met on."""


class Offer(Struct, frozen=True):
    """A package as it is assigned now: its current revision."""

    package: StoredPackage
    definition: Definition


def client(connection: Connection, client_id: str) -> StoredClient:
    """Return a client; raises `WrongUsageError` with near misses where there is none."""
    return _client_and_usage(connection, client_id)[0]


def _client_and_usage(connection: Connection, client_id: str) -> tuple[StoredClient, Mapping[str, int]]:
    require([(CLIENT_ID, client_id)])
    found = clients.one(connection, client_id)
    if found is None:
        hint = _near(client_id, clients.near(connection, client_id), "`clients list` lists them all.")
        raise WrongUsageError(f"there is no client `{client_id}`", hint=hint)
    return found


def package(connection: Connection, key: str) -> StoredPackage:
    """Return a package; raises `WrongUsageError` with near misses where there is none."""
    require([(PACKAGE_KEY, key)])
    return _existing(connection, key, packages.stored(connection, [key]).get(key))


def _existing(connection: Connection, key: str, found: StoredPackage | None) -> StoredPackage:
    if found is None:
        raise WrongUsageError(f"there is no package `{key}`", hint=near_packages(connection, key))
    return found


def near_packages(connection: Connection, key: str) -> str:
    """Return the sentence that names packages with a key like this one."""
    return _near(key, packages.near(connection, key), "`packages list` lists those that it has.")


def offer(connection: Connection, key: str) -> Offer:
    """Return what an assignment of this package would give; raises `WrongUsageError` as `package` does."""
    return _offer(connection, package(connection, key))


def offer_later(connection: Connection, key: str) -> Callable[[], Offer]:
    """Return what gives or raises the same, once the next statement is answered."""
    if PACKAGE_KEY.fault(key):
        return lambda: offer(connection, key)
    stored = packages.stored_later(connection, key)
    return lambda: _offer(connection, _existing(connection, key, stored()))


def _offer(connection: Connection, found: StoredPackage) -> Offer:
    return Offer(found, definition(connection, found.id, found.head.revision, found.head.digest))


def offers(connection: Connection, keys: Collection[str]) -> dict[str, Offer]:
    """Return what assignments of these packages would give; packages that do not exist are left out."""
    found = packages.stored(connection, keys)
    refs = {RevisionRef(key, package.head.revision) for key, package in found.items()}
    current = packages.definitions(connection, refs)
    return {ref.key: Offer(found[ref.key], current[ref]) for ref in current}


def held(connection: Connection, client: StoredClient) -> Definition:
    """Return the definition that a client's subscription is a snapshot of."""
    return definition(connection, client.package_id, client.revision, client.digest)


def all_held(connection: Connection, some: Collection[StoredClient]) -> Mapping[str, Definition]:
    """Return, by digest, the definitions that the subscriptions of some hundred clients are snapshots of."""
    wanted = {client.digest: (client.package_id, client.revision) for client in some}
    kept = {digest: _KEPT[digest] for digest in wanted.keys() & _KEPT.keys()}
    missing = {revision for digest, revision in wanted.items() if digest not in kept}
    return kept | _keep(packages.by_digest(connection, missing)) if missing else kept


def definition(connection: Connection, package_id: int, revision: int, digest: str) -> Definition:
    """Return a definition that a foreign key guarantees; one of this digest that was met before is kept."""
    kept = _KEPT.get(digest)
    if kept is not None:
        return kept
    found = packages.definition(connection, package_id, revision)
    if found is None:
        raise LookupError(f"package {package_id} has no revision {revision}")
    return _keep({digest: found})[digest]


def _keep(found: dict[str, Definition]) -> dict[str, Definition]:
    if len(_KEPT) + len(found) > _MOST_KEPT:
        _KEPT.clear()
    _KEPT.update(found)
    return found


def _near(word: str, candidates: Sequence[str], otherwise: str) -> str:
    close = get_close_matches(word, candidates, n=3)
    return f"Did you mean {' or '.join(f'`{match}`' for match in close)}?" if close else otherwise


def view(connection: Connection, client_id: str, at: datetime) -> Client:
    """Show one client at an instant; raises `WrongUsageError` where there is none."""
    return standing(connection, client_id, at)[1]


def standing(connection: Connection, client_id: str, at: datetime) -> tuple[StoredClient, Client]:
    """Return a client as it is stored, and as it is seen at an instant; raises as `view` does."""
    stored, used = _client_and_usage(connection, client_id)
    granted = grants.of_client(connection, stored, at)
    return stored, seen(stored, held(connection, stored), used, at, granted)


def entitlements(
    connection: Connection, asked: Collection[tuple[str, datetime]]
) -> dict[tuple[str, datetime], Entitlements]:
    """Return what clients may use at instants, but for those with grants, of whom one statement says little.

    What a revision grants never changes, so that one which was not met before may be read by itself.
    """
    found = clients.stored(connection, {client_id for client_id, _ in asked})
    plain = {id_: stored for id_, stored in found.items() if not stored.is_granted}
    held = all_held(connection, plain.values())
    return {
        (id_, at): entitlements_of(
            held[stored.digest], subscription_status(stored.status, stored.expires_at, at)
        )
        for id_, at in asked
        if (stored := plain.get(id_)) is not None
    }


def stream(
    connection: Connection, at: datetime, *, package_id: int | None, outdated: bool, only: ClientFilter
) -> Iterator[Client]:
    """Show clients by id, in memory that does not grow with their number."""
    current: dict[tuple[int, int], Definition | None] = {}
    for page in clients.pages(connection, package_id=package_id, outdated=outdated, only=only):
        held = all_held(connection, [stored for stored, _ in page])
        for which in {(stored.package_id, stored.current_revision) for stored, _ in page if outdated}:
            if which not in current:
                current[which] = packages.definition(connection, *which)
        some = [
            (stored, used)
            for stored, used in page
            if not outdated
            or _differs(held[stored.digest], current[stored.package_id, stored.current_revision], stored)
        ]
        for each in _shown(connection, some, held, at):
            if each.grants or not only.granted:
                yield each


def expiring(connection: Connection, at: datetime, until: datetime) -> Iterator[Client]:
    """Show clients whose active subscription ends by an instant, soonest first."""
    for page in clients.expiring(connection, at, until):
        yield from _shown(connection, page, all_held(connection, [stored for stored, _ in page]), at)


def _shown(
    connection: Connection, page: Collection[Using], held: Mapping[str, Definition], at: datetime
) -> Iterator[Client]:
    granted = grants.of_clients(connection, [stored for stored, _ in page], at)
    for stored, used in page:
        yield seen(stored, held[stored.digest], used, at, granted.get(stored.id, ()))


def _differs(held: Definition, current: Definition | None, client: StoredClient) -> bool:
    """Whether the current revision gives something else: grants left out on both sides (rule 14)."""
    since = client.assigned_at, client.extended_to
    return current is not None and held.held_since(*since) != current.held_since(*since)


def seen(
    stored: StoredClient,
    snapshot: Definition,
    used: Mapping[str, int],
    at: datetime,
    grants: tuple[Grant, ...] = (),
) -> Client:
    """Compute status and entitlements at an instant (rules 4 and 17)."""
    status = subscription_status(stored.status, stored.expires_at, at)
    held = Subscription(
        stored.package,
        stored.revision,
        stored.current_revision,
        stored.assigned_at,
        stored.expires_at,
        status,
        stored.extended_to,
    )
    granted = entitlements_of(with_grants(snapshot, grants), status)
    known = stored.id, stored.name, stored.owner_email, stored.status, stored.users
    return Client(*known, held, granted, used, grants)
