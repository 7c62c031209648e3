"""Who may use a served platform, and for what."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime


class Scope(StrEnum):
    """One permission of a token, after the permissions of the product's staff; none implies another."""

    READ = "read"
    """See packages, clients and runs, and ask about them: enough to plan."""

    PACKAGES = "packages"
    """Manage packages: apply change sets, edit packages."""

    CLIENTS = "clients"
    """Add and import clients."""

    SUBSCRIPTIONS = "subscriptions"
    """Assign packages, reassign to current revisions, and move clients between packages."""

    USAGE = "usage"
    """What the product itself needs: check entitlements, record usage and users, begin cycles."""

    GUARDS = "guards"
    """Loosen guards by an apply; without it a loosening waits, and the rest is applied."""

    WAIVE = "waive"
    """Let a guard pass once, for the plan that is applied (`--allow`)."""

    METRICS = "metrics"
    """Read the server's own figures."""

    ADMIN = "admin"
    """All of it."""


class Token(Struct, frozen=True):
    """A bearer token without its secret, which is shown once and never stored.

    Attributes:
        id: Part of the token's text, and what it is revoked by.
        expires_at: The first instant at which it no longer counts; None: never.
        used_at: The hour in which a server last let its bearer in; None: in none yet.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_valid(self, at: datetime) -> bool:
        """Whether it counts at an instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def allows(self, wanted: frozenset[Scope]) -> bool:
        """Whether it has one of the wanted scopes; an empty set wants nothing but a valid token."""
        return not wanted or Scope.ADMIN in self.scopes or not wanted.isdisjoint(self.scopes)


_TEXT: Final = re.compile(r"rct_([0-9a-f]{12})_[A-Za-z0-9_-]{43}\Z")


def token_text(token_id: str, secret: str) -> str:
    """Return what the bearer sends; `secret` is 32 random bytes in base64url."""
    return f"rct_{token_id}_{secret}"


def token_id(text: str) -> str | None:
    """Return the id within a token's text; None where the text is no token."""
    match = _TEXT.match(text)
    return match[1] if match else None


def token_digest(text: str) -> str:
    """Return what is stored of a token's text. It is 256 random bits, so that no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()
