"""Clients and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

from msgspec import Struct, field

from reconciler.model import forms
from reconciler.model.fields import ClientId, Items, Key, Number, PackageKey, Readable, Told
from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.model.forms import Form
    from reconciler.model.grants import Grant, Granting
    from reconciler.model.moving import Moving
    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity

ClientStatus: TypeAlias = Literal["active", "disabled", "archived"]
SubscriptionStatus: TypeAlias = Literal["active", "expired", "suspended"]


class ClientLine(Struct, frozen=True):
    """One line of an import: what is stated about a client. None: not stated, so kept, or the default.

    Attributes:
        line: Number of the line it came from, counted from 1.
        users: Team members now.
        usage: In the current cycle, per feature, limit or cap that is metered so.
        grants: What it is granted unless it has just that already; other grants of it stay.
    """

    id: str
    line: int
    name: str | None = None
    owner_email: str | None = None
    status: ClientStatus | None = None
    package: str | None = None
    assigned_at: datetime | None = None
    users: int | None = None
    usage: Mapping[str, int] | None = None
    grants: tuple[Granting, ...] = ()

    @property
    def texts(self) -> Iterator[tuple[Form, str]]:
        """Its texts, but for those of its grants, each with what it must look like."""
        yield forms.CLIENT_ID, self.id
        if self.name is not None:
            yield forms.CLIENT_NAME, self.name
        if self.owner_email is not None:
            yield forms.EMAIL, self.owner_email
        if self.package is not None:
            yield forms.PACKAGE_KEY, self.package
        for meter in self.usage or ():
            yield forms.KEY, meter


class ClientUpdate(Struct, frozen=True):
    """What is stated anew about a client beside what it holds. None: kept."""

    id: str
    name: str | None = None
    owner_email: str | None = None
    status: ClientStatus | None = None


@dataclass(frozen=True, slots=True)
class Mention(Told):
    """A revision whose list of allowed e-mails names somebody."""

    package: PackageKey
    revision: Number


@dataclass(frozen=True, slots=True)
class Forgotten(Told):
    """What still names a client who was forgotten.

    Attributes:
        revisions: Of packages that are reserved to its owner's address; revisions are never changed.
        runs: Whose record of what they changed names its id.
    """

    revisions: Annotated[tuple[Mention, ...], Items(100_000)] = ()
    runs: Annotated[tuple[Number, ...], Items(100_000)] = ()


class ImportReport(Struct, frozen=True):
    """What an import did: clients that were new, and clients that existed (changed or not).

    Attributes:
        moves: Of those that existed, whom it gave another package or start, and what that took.
    """

    added: int
    updated: int
    moves: tuple[Moving, ...] = ()


class Subscription(Struct, frozen=True):
    """A client's holding of one package: a snapshot of one of its revisions (rule 2).

    Attributes:
        package: The package's key now.
        expires_at: The later of the package's own expiry and the extension.
        status: `expired` from `expires_at` on; `suspended` while the client itself is not active. Only an
            active subscription entitles to anything.
        extended_to: The instant that it ends at the earliest, for this client (rule 18).
    """

    package: str
    revision: int
    current_revision: int
    assigned_at: datetime
    expires_at: datetime | None
    status: SubscriptionStatus
    extended_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClientFilter(Readable):
    """Which of all clients are listed: those of whom all that is stated is so.

    Attributes:
        status: Of the client itself.
        holds: A feature, a limit or a cap that its snapshot grants, whether or not it is active.
        uses: A feature, a limit or a cap that it has used in this cycle, or of which it has any.
        granted: Who has a grant that has not ended.
        after: Whose id comes after this one.
    """

    status: ClientStatus | None = None
    holds: Key | None = None
    uses: Key | None = None
    granted: bool = False
    after: ClientId | None = None


EVERYBODY: Final = ClientFilter()


class Entitlements(Struct, frozen=True):
    """What a client may use right now. The defaults entitle to nothing."""

    features: tuple[str, ...] = ()
    limits: Mapping[str, Quantity] = field(default_factory=dict)
    caps: Mapping[str, Quantity] = field(default_factory=dict)

    @property
    def amounts(self) -> Mapping[str, Quantity]:
        """All that may be used by the amount, caps before limits."""
        return {**self.caps, **self.limits}

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form; it names every cap, with 0 or null for one that is not granted."""
        nothing = {key: 0 if cap.is_always_granted else None for key, cap in CAPS.items()}
        return {"features": list(self.features), "limits": dict(self.limits), **nothing, **self.caps}


class Client(Struct, frozen=True):
    """A client company, seen at one instant. `usage` is sorted by key.

    Attributes:
        grants: What it has beside its package and has not ended, by term (rule 17).
        from_next_period: Whether the platform brings edits about at the client's next billing period, and
            does not tell when that is: until then it may use what the package granted before.
    """

    id: str
    name: str
    owner_email: str
    status: ClientStatus
    users: int
    subscription: Subscription
    entitlements: Entitlements
    usage: Mapping[str, int]
    grants: tuple[Grant, ...] = ()
    from_next_period: bool = False

    def used(self, meter: str) -> int:
        """Return how much of a feature, a limit or a cap is in use: members of the team, else usage."""
        cap = CAPS.get(meter)
        return self.users if cap is not None and cap.metered == "users" else self.usage.get(meter, 0)


def entitlements_of(held: Definition, status: SubscriptionStatus) -> Entitlements:
    """Return what is held entitles to: all of it while the subscription is active, else nothing."""
    if status != "active":
        return Entitlements()
    return Entitlements(held.features, held.limits, held.caps)


def is_lessened(before: Client, after: Client) -> bool:
    """Whether a client may use anything less than before."""
    had, has = before.entitlements, after.entitlements
    return not {*had.features} <= {*has.features} or any(
        magnitude(has.amounts.get(key)) < magnitude(amount) for key, amount in had.amounts.items()
    )


def subscription_status(
    client: ClientStatus, expires_at: datetime | None, now: datetime
) -> SubscriptionStatus:
    """Compute the status at a stated instant; never stored (rule 4)."""
    if expires_at is not None and expires_at <= now:
        return "expired"
    return "active" if client == "active" else "suspended"
