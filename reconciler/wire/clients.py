"""Bodies of clients, what they hold, and what they use."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Final, Self, TypeAlias

from msgspec import Raw, Struct
from msgspec.json import Decoder
from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from reconciler.model.clients import (
    Client,
    ClientLine,
    ClientStatus,
    Entitlements,
    Forgotten,
    ImportReport,
    Subscription,
    SubscriptionStatus,
)
from reconciler.model.fields import (
    Amount,
    ClientId,
    ClientName,
    Email,
    Instant,
    Items,
    Key,
    PackageKey,
    Whole,
)
from reconciler.model.grants import MOST_GRANTS, Adjustment, Grant, Granting
from reconciler.model.moving import Moving
from reconciler.model.plans import FieldChange
from reconciler.model.prospects import Adjusted, Assignment, Prospect
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.model.terms import CAPS, Code, Severity
from reconciler.wire.caps import with_caps
from reconciler.wire.fields import (
    Body,
    KeysAtMost,
    Quantity,
    Reply,
)

if TYPE_CHECKING:
    from datetime import datetime


class SubscriptionReply(Reply):
    """A client's holding of one package."""

    package: str
    revision: int
    current_revision: int
    assigned_at: Instant
    expires_at: Instant | None
    status: str
    extended_to: Instant | None = None


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
        granted = vars(self)
        caps = {key: cap for key in CAPS if (cap := granted[key])}
        return Entitlements(self.features, self.limits, caps)


class ClientReply(Reply):
    """A client company, seen at one instant."""

    id: str
    name: str
    owner_email: str
    status: ClientStatus
    users: int
    subscription: SubscriptionReply
    entitlements: EntitlementsReply
    usage: dict[str, int]
    grants: tuple[Grant, ...] = ()
    from_next_period: bool = False

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
            grants=client.grants,
            from_next_period=client.from_next_period,
        )

    def value(self) -> Client:
        """Return the client."""
        return Client(
            self.id,
            self.name,
            self.owner_email,
            self.status,
            self.users,
            Subscription(**vars(self.subscription)),
            self.entitlements.value(),
            self.usage,
            self.grants,
            self.from_next_period,
        )


def client_line(client: Client) -> str:
    """Return the JSON of a `ClientReply` in a fraction of its time, for lists of a million."""
    held, granted = client.subscription, client.entitlements
    amounts = tuple(granted.limits.items()), tuple(granted.caps.items())
    used = ", ".join([f"{_quoted(meter)}: {amount}" for meter, amount in client.usage.items()])
    return (
        f'{{"id": {_quoted(client.id)}, "name": {_quoted(client.name)}, '
        f'"owner_email": {_quoted(client.owner_email)}, '
        f'"status": "{client.status}", "users": {client.users}, '
        f'"subscription": {{"package": {_quoted(held.package)}, "revision": {held.revision}, '
        f'"current_revision": {held.current_revision}, "assigned_at": {_instant(held.assigned_at)}, '
        f'"expires_at": {_instant(held.expires_at)}, "status": "{held.status}", '
        f'"extended_to": {_instant(held.extended_to)}}}, '
        f'"entitlements": {_entitlements(granted.features, *amounts)}, "usage": {{{used}}}, '
        f'"grants": {_grants(client.grants) if client.grants else "[]"}, '
        f'"from_next_period": {"true" if client.from_next_period else "false"}}}'
    )


@lru_cache(maxsize=16_384)
def _entitlements(features: tuple[str, ...], limits: _Amounts, caps: _Amounts) -> str:
    """Return their JSON; there are about as many different ones as packages."""
    document = Entitlements(features, dict(limits), dict(caps)).as_document()
    return json.dumps(document, ensure_ascii=False)


@lru_cache(maxsize=1_024)
def _instant(at: datetime | None) -> str:
    return "null" if at is None else f'"{at.isoformat().replace("+00:00", "Z")}"'


def _grants(grants: tuple[Grant, ...]) -> str:
    return json.dumps([_GRANT.dump_python(each, mode="json") for each in grants], ensure_ascii=False)


class _Held(Struct):
    package: str
    revision: int
    current_revision: int
    assigned_at: str
    expires_at: str | None
    status: SubscriptionStatus
    extended_to: str | None = None


class _Usual(Struct):
    """A `ClientReply` without grants, told so simply that there is one way to read it."""

    id: str
    name: str
    owner_email: str
    status: ClientStatus
    users: int
    subscription: _Held
    entitlements: Raw
    usage: dict[str, int]
    grants: tuple[()] = ()
    from_next_period: bool = False


def client_of(line: bytes) -> Client:
    """Return the client of a line, of most in a fraction of the time that a `ClientReply` takes.

    Raises `ValidationError` for a line that is no `ClientReply`.
    """
    try:
        told = _USUAL.decode(line)
        held = told.subscription
        subscription = Subscription(
            held.package,
            held.revision,
            held.current_revision,
            _read_instant(held.assigned_at),
            _read_end(held.expires_at),
            held.status,
            _read_end(held.extended_to),
        )
        granted = _granted(bytes(told.entitlements))
    except (ValueError, RecursionError):  # a line that pydantic reads differently, or finds the fault in
        return ClientReply.model_validate_json(line).value()
    known = told.id, told.name, told.owner_email, told.status, told.users
    return Client(*known, subscription, granted, told.usage, told.grants, told.from_next_period)


@lru_cache(maxsize=1_024)
def _read_instant(text: str) -> datetime:
    return _INSTANT.validate_python(text)


def _read_end(text: str | None) -> datetime | None:
    return None if text is None else _read_instant(text)


def _granted(document: bytes) -> Entitlements:
    """There are about as many different ones as packages."""
    return (_remembered if len(document) <= _REMEMBERED_BYTES else _read_granted)(document)


def _read_granted(document: bytes) -> Entitlements:
    return EntitlementsReply.model_validate_json(document).value()


_REMEMBERED_BYTES: Final = 4_096
_remembered: Final = lru_cache(maxsize=16_384)(_read_granted)
_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(Instant)
_USUAL: Final = Decoder(_Usual)
_GRANT: Final = TypeAdapter(Grant)
_Amounts: TypeAlias = "tuple[tuple[str, Quantity], ...]"
_quoted: Final = json.encoder.encode_basestring


class ClientsReply(Reply):
    """Clients by id; `next` is the id to list on `after`, null on the last page."""

    items: tuple[ClientReply, ...]
    next: str | None


class ClientLineBody(Body):
    """What is stated about a client: the lines of an import, and a client that is added."""

    id: ClientId
    name: ClientName | None = None
    owner_email: Email | None = None
    status: ClientStatus | None = None
    package: PackageKey | None = None
    assigned_at: Instant | None = None
    users: Amount | None = None
    usage: Annotated[dict[Key, Amount], KeysAtMost(1_000)] | None = None
    grants: Annotated[tuple[Granting, ...], Items(MOST_GRANTS)] = ()

    def value(self, line: int = 1) -> ClientLine:
        """Return the line, which stood at this place in what it came from."""
        return ClientLine(line=line, **dict(self))


class ClientUpdateBody(Body):
    """What is stated anew about a client beside what it holds."""

    name: ClientName | None = None
    owner_email: Email | None = None
    status: ClientStatus | None = None


class ForgottenReply(Reply):
    """What still names a client who was forgotten."""

    forgotten: Forgotten


class AssignBody(Body):
    """The package that a client is given by hand."""

    package: PackageKey


class FieldReply(Reply):
    """One difference between what a client holds and what it would hold."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    path: str
    before: JsonValue = Field(alias="from")
    after: JsonValue = Field(alias="to")
    code: Code
    severity: Severity

    def value(self) -> FieldChange:
        """Return the difference."""
        return FieldChange(**dict(self))


class AssignmentReply(Reply):
    """What giving a client a package by hand would do; nothing was written.

    `used` and `over` speak of what differs; `restarted` is the usage that would go back to 0.
    """

    client: ClientReply
    package: str
    revision: int
    assigned_at: Instant
    expires_at: Instant | None
    fields: tuple[FieldReply, ...]
    used: dict[str, int]
    over: tuple[str, ...]
    is_expired: bool
    restarted: dict[str, int]

    @classmethod
    def of(cls, assignment: Assignment) -> Self:
        """Make the reply."""
        prospect = assignment.prospect
        return cls(
            client=ClientReply.of(assignment.client),
            package=assignment.package,
            revision=assignment.revision,
            assigned_at=assignment.assigned_at,
            expires_at=prospect.expires_at,
            fields=tuple(map(FieldReply.model_validate, prospect.fields)),
            used=dict(prospect.used),
            over=prospect.over,
            is_expired=prospect.is_expired,
            restarted=dict(assignment.restarted),
        )

    def value(self) -> Assignment:
        """Return what it would do."""
        fields = tuple(each.value() for each in self.fields)
        prospect = Prospect(fields, self.used, self.over, self.expires_at, self.is_expired)
        client = self.client.value()
        start = self.assigned_at
        return Assignment(client, self.package, self.revision, start, prospect, self.restarted)


class AdjustBody(Body):
    """What a client is granted, what is revoked, or how far its subscription is extended."""

    adjustment: Adjustment


class AdjustedReply(Reply):
    """What an adjustment does to a client: as it is, and as it would be. Nothing was written."""

    before: ClientReply
    after: ClientReply

    @classmethod
    def of(cls, adjusted: Adjusted) -> Self:
        """Make the reply."""
        return cls(before=ClientReply.of(adjusted.before), after=ClientReply.of(adjusted.after))

    def value(self) -> Adjusted:
        """Return what it does."""
        return Adjusted(self.before.value(), self.after.value())


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
    moves: tuple[Moving, ...] = ()

    def value(self) -> ImportReport:
        """Return the report."""
        return ImportReport(self.added, self.updated, self.moves)
