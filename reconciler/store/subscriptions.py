"""Statements on what clients hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, or_, select

from reconciler.model.plans import Outdated
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


def outdated(connection: Connection, at: datetime) -> tuple[Outdated, ...]:
    """Count active subscriptions to older revisions, by package and revision, sorted.

    Of each package only the part of the index below its current revision is read: the outer joins hold
    databases without statistics to that order.
    """
    older, next_one = tables.packages, tables.revisions
    held = and_(
        _HELD.package_id == older.c.id,
        _HELD.revision < older.c.revision,
        _HELD.active_until > microseconds(at),
    )
    following = and_(next_one.c.package_id == older.c.id, next_one.c.number == _HELD.revision + 1)
    columns = (older.c.key, _HELD.revision, next_one.c.created_at)
    statement = (
        select(*columns, func.count())
        .select_from(older.outerjoin(tables.subscriptions, held).outerjoin(next_one, following))
        .where(older.c.revision > 1)
        .group_by(*columns)
        .having(func.count(_HELD.client_id) > 0)
        .order_by(*columns)
    )
    return tuple(
        Outdated(package=key, revision=revision, clients=clients, since=since)
        for key, revision, since, clients in connection.execute(statement)
    )


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
