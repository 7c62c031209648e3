"""Bodies of clients, what they hold, and what they use."""

from __future__ import annotations

from typing import Annotated, Self

from reconciler.model.clients import Client, ClientLine, Entitlements, ImportReport, Subscription
from reconciler.model.fields import Amount, ClientId, ClientName, Email, Instant, Key, PackageKey, Whole
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.model.terms import CAPS
from reconciler.wire.caps import with_caps
from reconciler.wire.fields import (
    Body,
    KeysAtMost,
    Quantity,
    Reply,
    Status,
)


class SubscriptionReply(Reply):
    """A client's holding of one package."""

    package: str
    revision: int
    current_revision: int
    assigned_at: Instant
    expires_at: Instant | None
    status: str


@with_caps
class EntitlementsReply(Reply):
    """What a client may use right now."""

    features: tuple[str, ...]
    limits: dict[str, Quantity]

    @classmethod
    def of(cls, entitlements: Entitlements) -> Self:
        """Make the reply."""
        return cls.model_validate(entitlements.as_document())

    def value(self) -> Entitlements:
        """Return the entitlements."""
        granted = dict(self)
        caps = {key: cap for key in CAPS if (cap := granted[key])}
        return Entitlements(self.features, self.limits, caps)


class ClientReply(Reply):
    """A client company, seen at one instant."""

    id: str
    name: str
    owner_email: str
    status: Status
    users: int
    subscription: SubscriptionReply
    entitlements: EntitlementsReply
    usage: dict[str, int]

    @classmethod
    def of(cls, client: Client) -> Self:
        """Make the reply for a client."""
        return cls(
            id=client.id,
            name=client.name,
            owner_email=client.owner_email,
            status=client.status,
            users=client.users,
            subscription=SubscriptionReply.model_validate(client.subscription),
            entitlements=EntitlementsReply.of(client.entitlements),
            usage=dict(client.usage),
        )

    def value(self) -> Client:
        """Return the client."""
        fields = dict(self)
        fields["subscription"] = Subscription(**dict(self.subscription))
        fields["entitlements"] = self.entitlements.value()
        return Client(**fields)


class ClientLineBody(Body):
    """What is stated about a client: the lines of an import, and a client that is added."""

    id: ClientId
    name: ClientName | None = None
    owner_email: Email | None = None
    status: Status | None = None
    package: PackageKey | None = None
    assigned_at: Instant | None = None
    users: Amount | None = None
    usage: Annotated[dict[Key, Amount], KeysAtMost(1_000)] | None = None

    def value(self, line: int = 1) -> ClientLine:
        """Return the line, which stood at this place in what it came from."""
        return ClientLine(line=line, **dict(self))


class AssignBody(Body):
    """The package that a client is given by hand."""

    package: PackageKey


class UsersBody(Body):
    """A client's number of team members."""

    users: Amount


class UsageBody(Body):
    """Use of a feature, a limit or a cap, added to what was used in the cycle; below 0 gives back."""

    meter: Key
    amount: Annotated[int, Whole(-LARGEST_QUANTITY)]


class UsageReply(Reply):
    """The use of a meter in the current cycle."""

    meter: str
    total: int


class ImportReply(Reply):
    """What an import did."""

    added: int
    updated: int

    def value(self) -> ImportReport:
        """Return the report."""
        return ImportReport(self.added, self.updated)
