"""What one line makes of a client. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.live.embedded.assigning import assigned
from reconciler.live.rules import Refusal, refused_assignment, refused_start
from reconciler.store.clients import StoredClient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.live.embedded.lookup import Offer
    from reconciler.model.clients import ClientLine


@dataclass(frozen=True, slots=True)
class Settled:
    """A line and the client that it makes.

    Attributes:
        standing: The client as it was; None for a new one.
        begins: Whether it is assigned anew, so that its cycle begins.
    """

    line: ClientLine
    client: StoredClient
    standing: StoredClient | None
    begins: bool


def settle(
    line: ClientLine, standing: StoredClient | None, offers: Mapping[str, Offer], at: datetime
) -> Settled | Refusal:
    """Decide what a line makes of the client who stands like this."""
    if standing is None:
        return _new(line, offers, at)
    stated = _restated(line, standing)
    if not _assigns(line, standing):
        return Settled(line, stated, standing, begins=False)
    client = _assigned(line, stated, offers, at)
    return client if isinstance(client, Refusal) else Settled(line, client, standing, begins=True)


def _new(line: ClientLine, offers: Mapping[str, Offer], at: datetime) -> Settled | Refusal:
    if line.name is None or line.owner_email is None or line.package is None:
        return Refusal(
            "client-missing-key",
            f"client `{line.id}` is new, and its line lacks `name`, `owner_email` or `package`",
            "A new client needs all three.",
        )
    blank = StoredClient(
        id=line.id,
        name=line.name,
        owner_email=line.owner_email,
        status=line.status or "active",
        users=line.users or 0,
        package_id=0,
        package=line.package,
        revision=0,
        current_revision=0,
        digest="",
        assigned_at=at,
        expires_at=None,
    )
    client = _assigned(line, blank, offers, at)
    return client if isinstance(client, Refusal) else Settled(line, client, None, begins=True)


def _restated(line: ClientLine, standing: StoredClient) -> StoredClient:
    return replace(
        standing,
        name=standing.name if line.name is None else line.name,
        owner_email=standing.owner_email if line.owner_email is None else line.owner_email,
        status=line.status or standing.status,
        users=standing.users if line.users is None else line.users,
    )


def _assigns(line: ClientLine, standing: StoredClient) -> bool:
    is_other_package = line.package is not None and line.package != standing.package
    return is_other_package or line.assigned_at not in {None, standing.assigned_at}


def _assigned(
    line: ClientLine, stated: StoredClient, offers: Mapping[str, Offer], at: datetime
) -> StoredClient | Refusal:
    key = line.package or stated.package
    offer = offers.get(key)
    if offer is None:
        return Refusal("client-unknown-package", f"client `{line.id}`: there is no package `{key}`", "")
    start = line.assigned_at or at
    refusal = refused_assignment(offer.package.head, offer.definition, stated.owner_email)
    refusal = refusal or refused_start(start, at)
    if refusal is not None:
        return replace(refusal, message=f"client `{line.id}`: {refusal.message}")
    return assigned(stated, offer, start)
