"""Bodies of change sets and runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, StrictBool

from reconciler.model.capabilities import EVERYTHING, Capabilities
from reconciler.model.catalog import NO_TERMS
from reconciler.model.changesets import (
    ArchiveWrite,
    ChangeSet,
    Expectation,
    Move,
    Moved,
    PackageState,
    PackageWrite,
    Parked,
    Parking,
    Run,
)
from reconciler.model.fields import Actor, Instant, Items, Line, Number, PackageKey
from reconciler.model.losses import UNBOUNDED, Bounds, Entry
from reconciler.model.plans import PlatformIdentity
from reconciler.model.transfers import Transfer, TransferAim, Transfers
from reconciler.wire.fields import (
    Body,
    Hash,
    Reply,
    Text,
    Variant,
)
from reconciler.wire.guards import GuardsBody
from reconciler.wire.packages import CatalogBody, DefinitionBody

if TYPE_CHECKING:
    from datetime import datetime

_MOST = 100_000


def _sendable(details: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return what can be sent on; raises ValueError for what parsers let in and JSON does not have."""
    try:
        json.dumps(details, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        raise ValueError("a number that is none, or half a character, is not JSON") from error
    return details


_Details: TypeAlias = Annotated[dict[str, JsonValue], AfterValidator(_sendable)]


class PackageWriteBody(Variant):
    """Make one package be exactly this."""

    kind: Literal["package"] = "package"
    key: PackageKey
    definition: DefinitionBody
    expected_version: Number | None
    archived: StrictBool = False
    renamed_from: PackageKey | None = None
    managed: StrictBool = True

    def value(self) -> PackageWrite:
        """Return the write."""
        fields = {name: value for name, value in self if name != "kind"}
        return PackageWrite(**{**fields, "definition": self.definition.value()})


class ArchiveWriteBody(Variant):
    """Archive a package whose file is gone."""

    kind: Literal["archive"] = "archive"
    key: PackageKey
    expected_version: Number

    def value(self) -> ArchiveWrite:
        """Return the write."""
        return ArchiveWrite(self.key, self.expected_version)


WriteBody: TypeAlias = Annotated[PackageWriteBody | ArchiveWriteBody, Field(discriminator="kind")]


def _write_body(write: PackageWrite | ArchiveWrite) -> PackageWriteBody | ArchiveWriteBody:
    if isinstance(write, ArchiveWrite):
        return ArchiveWriteBody(key=write.key, expected_version=write.expected_version)
    return PackageWriteBody(
        key=write.key,
        definition=DefinitionBody.of(write.definition),
        expected_version=write.expected_version,
        archived=write.archived,
        renamed_from=write.renamed_from,
        managed=write.managed,
    )


class ChangeSetBody(Body):
    """All of it, or nothing."""

    plan_hash: Hash
    lineage: Line
    actor: Annotated[Actor, Field(description="Who the change is for; the author is the token's name.")]
    environment: Line
    commit: Line | None = None
    reason: Text = ""
    allowed: Annotated[tuple[Line, ...], Items(_MOST)] = ()
    catalog: CatalogBody = CatalogBody.of(NO_TERMS)
    expected_catalog: CatalogBody = CatalogBody.of(NO_TERMS)
    guards: GuardsBody | None = None
    expected_guards: GuardsBody | None = None
    writes: Annotated[tuple[WriteBody, ...], Items(_MOST)] = ()
    moves: Annotated[tuple[Move, ...], Items(_MOST)] = ()
    expectations: Annotated[tuple[Expectation, ...], Items(_MOST)] = ()
    acknowledgements: Annotated[tuple[Entry, ...], Items(_MOST)] | None = None
    bounds: Bounds = UNBOUNDED
    parks: Annotated[tuple[Parking, ...], Items(_MOST)] = ()
    releases: Annotated[tuple[Parking, ...], Items(_MOST)] = ()
    transfer: Transfer | None = None
    changes: Annotated[tuple[_Details, ...], Items(_MOST)] = ()

    @property
    def changes_catalog(self) -> bool:
        """Whether any term of the catalog comes, goes or changes."""
        return self.catalog != self.expected_catalog

    @classmethod
    def of(cls, change_set: ChangeSet) -> Self:
        """Make the body of a change set; its instant stays behind, since the server's own counts."""
        fields: dict[str, Any] = {name: getattr(change_set, name) for name in cls.model_fields}
        for name in ("catalog", "expected_catalog"):
            fields[name] = CatalogBody.of(fields[name])
        for name in ("guards", "expected_guards"):
            fields[name] = fields[name] and GuardsBody.of(fields[name])
        fields["writes"] = tuple(map(_write_body, change_set.writes))
        fields["changes"] = tuple(dict(change) for change in change_set.changes)
        return cls(**fields)

    def value(self, author: str, at: datetime) -> ChangeSet:
        """Return the change set of whoever sent it, at the instant at which it came."""
        fields = {**dict(self), "actor": author, "on_behalf_of": self.actor, "at": at}
        for name in ("catalog", "expected_catalog"):
            fields[name] = fields[name].value()
        for name in ("guards", "expected_guards"):
            fields[name] = fields[name] and fields[name].value()
        fields["writes"] = tuple(each.value() for each in self.writes)
        return ChangeSet(**fields)


class RunReply(Reply):
    """One apply, as the platform recorded it."""

    id: int
    plan_hash: str
    at: Instant
    actor: str
    environment: str
    on_behalf_of: str | None = None
    commit: str | None
    allowed: tuple[str, ...]
    changes: tuple[dict[str, JsonValue], ...]
    before: dict[str, PackageState]
    after: dict[str, PackageState]
    renamed: dict[str, str]
    catalog: tuple[dict[str, JsonValue], ...] = ()
    guards: tuple[dict[str, JsonValue], ...] = ()
    moved: int
    reason: str = ""
    seal: str = ""
    unfinished: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Run) -> Self:
        """Make the reply for a run."""
        return cls.model_validate(run)

    def value(self) -> Run:
        """Return the run."""
        return Run(**dict(self))


class RunsReply(Reply):
    """A page of runs, newest first; `next` is the cursor of the page after it, null on the last."""

    items: tuple[RunReply, ...]
    next: str | None = None


class AllMovedReply(Reply):
    """All whom one run reassigned, by package and revisions."""

    items: tuple[Moved, ...]


class AllParkedReply(Reply):
    """What rollbacks parked, by subject."""

    items: tuple[Parked, ...]


class TransfersBody(Body):
    """What would be taken back, seen at an instant."""

    of: TransferAim
    at: Instant


class TransfersReply(Reply):
    """What taking it back would do to clients; nothing was written."""

    transfers: Transfers


class PlatformReply(Reply):
    """Which platform this is, and which versions of the API the server speaks."""

    kind: str
    lineage: str
    versions: tuple[int, ...]
    capabilities: Capabilities = EVERYTHING

    def value(self) -> PlatformIdentity:
        """Return the identity."""
        return PlatformIdentity(kind=self.kind, lineage=self.lineage, capabilities=self.capabilities)


class StateReply(Reply):
    """A text that changes with every run, and every write to packages, catalog or guards."""

    token: str
