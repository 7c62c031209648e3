"""Statements on what clients hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import exists, func, or_, select, update

from reconciler.store import packages, tables
from reconciler.store.columns import ALWAYS_PAST, NEVER, microseconds
from reconciler.store.dialects import chunks

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.clients import ClientStatus

_HELD: Final = tables.subscriptions.c


def active_until(status: ClientStatus, expires_at: datetime | None) -> int:
    """Fold a client's status and an expiry into the first instant at which the subscription is not active."""
    if status != "active":
        return ALWAYS_PAST
    return NEVER if expires_at is None else microseconds(expires_at)


def holder_count(connection: Connection, at: datetime) -> int:
    """Count active subscriptions at `at`, from the index alone."""
    statement = select(func.count()).where(_HELD.active_until > microseconds(at))
    return connection.execute(statement).scalar_one()


def holdings(connection: Connection, keys: Collection[str], at: datetime) -> dict[str, dict[int, int]]:
    """Count active subscriptions per package key and revision."""
    held: dict[str, dict[int, int]] = {}
    for chunk in chunks(keys):
        names = {package.id: key for key, package in packages.stored(connection, chunk).items()}
        statement = (
            select(_HELD.package_id, _HELD.revision, func.count())
            .where(_HELD.package_id.in_(list(names)), _HELD.active_until > microseconds(at))
            .group_by(_HELD.package_id, _HELD.revision)
        )
        for package_id, revision, count in connection.execute(statement):
            held.setdefault(names[package_id], {})[revision] = count
    return held


def suspended(connection: Connection, keys: Collection[str], at: datetime) -> dict[str, int]:
    """Count, per package key, subscriptions that only their client's own status keeps from being active."""
    held: dict[str, int] = {}
    for chunk in chunks(keys):
        names = {package.id: key for key, package in packages.stored(connection, chunk).items()}
        has_not_ended = or_(_HELD.expires_at.is_(None), _HELD.expires_at > at)
        statement = (
            select(_HELD.package_id, func.count())
            .where(_HELD.active_until == ALWAYS_PAST, _HELD.package_id.in_(list(names)), has_not_ended)
            .group_by(_HELD.package_id)
        )
        held |= {names[package_id]: count for package_id, count in connection.execute(statement)}
    return held


def unended(connection: Connection, keys: Collection[str], at: datetime) -> dict[str, set[int]]:
    """Return the revisions per package key that somebody holds whose subscription has not ended.

    The first holder of each settles it, so that the work does not grow with the others.
    """
    held: dict[str, set[int]] = {}
    revision = tables.revisions.c
    for chunk in chunks(keys):
        names = {package.id: key for key, package in packages.stored(connection, chunk).items()}
        is_held = exists().where(
            _HELD.package_id == revision.package_id,
            _HELD.revision == revision.number,
            or_(_HELD.expires_at.is_(None), _HELD.expires_at > at),
        )
        columns = revision.package_id, revision.number
        statement = select(*columns).where(revision.package_id.in_(list(names)), is_held)
        for package_id, number in connection.execute(statement):
            held.setdefault(names[package_id], set()).add(number)
    return held


def follow(connection: Connection, keys: Collection[str]) -> None:
    """Have whoever still holds an older revision of these packages hold the current one, active or not."""
    for each in packages.stored(connection, keys).values():
        is_older = (_HELD.package_id == each.id) & (_HELD.revision != each.head.revision)
        statement = update(tables.subscriptions).where(is_older).values(revision=each.head.revision)
        connection.execute(statement)
