"""What an apply asks a platform to do: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Struct, field

from reconciler.model.catalog import NO_TERMS
from reconciler.model.fields import Amount, Items, Line, Number, Readable, Told
from reconciler.model.forms import HASH, TEXT
from reconciler.model.losses import UNBOUNDED
from reconciler.model.packages import Pace
from reconciler.model.questions import ClientQuestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from reconciler.model.catalog import Catalog
    from reconciler.model.losses import Bounds, Entry
    from reconciler.model.packages import Definition
    from reconciler.model.settings import Guards
    from reconciler.model.transfers import Transfer

_MOST = 100_000


class PackageWrite(Struct, frozen=True):
    """Make one package be exactly this, provided that nobody wrote it since the plan.

    The platform mints a revision exactly where the definition differs from the current one.

    Attributes:
        expected_version: The package's version that was planned on; None: no package has this key.
        renamed_from: The key under which the platform has it now, for a rename.
        managed: False leaves a package that was made by hand out of the files' control.
    """

    key: str
    definition: Definition
    expected_version: int | None
    archived: bool = False
    renamed_from: str | None = None
    managed: bool = True

    @property
    def origin(self) -> str:
        """The key that the package has before the write."""
        return self.renamed_from or self.key


class ArchiveWrite(Struct, frozen=True):
    """Archive a package whose file is gone; its definition stays."""

    key: str
    expected_version: int

    @property
    def origin(self) -> str:
        """The key that the package has before the write."""
        return self.key


@dataclass(frozen=True, slots=True)
class Move(Readable):
    """Reassign the clients who match `who` to a revision of the package that they hold.

    Start and usage are kept (rule 10). `who` names the package by the key it has after the writes.

    Attributes:
        to_revision: None: the revision that is current after the writes.
        expected_version: The package's version that was planned on, where the same change set does not
            write the package; None where it does.
        at_most: More matching clients than this make the change set stale; None: all who match move.
        pace: On which days the rollout whose step it is may move anybody; on another day the change set is
            stale. None: no rollout moves them.
    """

    who: ClientQuestion
    at_most: Amount | None
    to_revision: Number | None = None
    expected_version: Number | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class Expectation(Readable):
    """A consequence that was planned: asked again before anything is written; more clients mean stale.

    Attributes:
        questions: Their counts are added up, so no client should match two of them.
        at_most: As many clients as this may match.
        what: Names the consequence in the message, such as `clients touched by feature-removed audio_call`.
    """

    questions: Annotated[tuple[ClientQuestion, ...], Items(_MOST)]
    at_most: Amount
    what: Annotated[str, TEXT]


@dataclass(frozen=True, slots=True)
class Parking(Readable):
    """What a rollback leaves otherwise than a file says.

    Attributes:
        subject: A package's key, or the JSON Pointer of a term of the catalog.
        file: Digest of the package's file, or of what the catalog's file says of the term; that of null where
            there is none.
    """

    subject: Line
    file: Annotated[str, HASH]


@dataclass(frozen=True, slots=True)
class Parked(Told):
    """What is left as a rollback made it, for as long as the file is the same; `run` is the rollback."""

    subject: str
    file: str
    run: int

    @property
    def parking(self) -> Parking:
        """What was parked."""
        return Parking(self.subject, self.file)


class ChangeSet(Struct, frozen=True):
    """One transaction. Sending it twice is harmless: the second time finds the run of `plan_hash`.

    Attributes:
        at: The instant that expiry is computed at, and that the run is recorded with; a server's own.
        actor: Who applies: a person, or over HTTP the token's name.
        on_behalf_of: Over HTTP, who the caller says applies; None where nothing stands between.
        reason: Why, in the author's own words.
        allowed: The `--allow GUARD:KEY` values, recorded in the run.
        catalog: The terms that the live catalog gains or describes differently, and no others.
        expected_catalog: The terms that change, as they were planned on; what is not in `catalog` goes.
        guards: Those that plans are judged by from now on, beside their own; None where they do not change.
            Written if the recorded ones still are `expected_guards` (None: the platform has none).
        acknowledgements: All that the files state, None where the change set is not made of files.
        bounds: What must hold of all that was ever lost; more clients mean stale.
        parks: What is left alone from now on by whatever applies from the same files.
        releases: What is not any more; passed over where it is parked by another file by now.
        undo: What hands did to clients and is taken back; None where nothing is.
        changes: JSON forms of the plan's changes; what they say of what was done is recorded in the run.
    """

    plan_hash: str
    lineage: str
    at: datetime
    actor: str
    environment: str
    on_behalf_of: str | None = None
    commit: str | None = None
    reason: str = ""
    allowed: tuple[str, ...] = ()
    catalog: Catalog = NO_TERMS
    expected_catalog: Catalog = NO_TERMS
    guards: Guards | None = None
    expected_guards: Guards | None = None
    writes: tuple[PackageWrite | ArchiveWrite, ...] = ()
    moves: tuple[Move, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    acknowledgements: tuple[Entry, ...] | None = None
    bounds: Bounds = UNBOUNDED
    parks: tuple[Parking, ...] = ()
    releases: tuple[Parking, ...] = ()
    transfer: Transfer | None = None
    changes: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class PackageState(Told):
    """A package before or after a run; `revision` names an immutable definition."""

    revision: int
    archived: bool
    managed: bool


@dataclass(frozen=True, slots=True, order=True)
class Moved(Told):
    """Clients whom one run reassigned from one revision to another of the package that has `key` now."""

    key: str
    from_revision: int
    to_revision: int
    clients: int


class Run(Struct, frozen=True):
    """One apply, as the platform recorded it.

    Attributes:
        id: Counts from 1 in the order of the applies.
        actor: Who applied, as far as the platform knows: over HTTP the token's name.
        on_behalf_of: Who the token's bearer said it was for; None where nothing stands between.
        changes: An entry per package that was written or whose clients were moved: `action` and `key` are
            what was done, the rest is as the plan told it.
        before: State per key of what the run wrote; a key that is absent did not exist.
        after: The same after the run.
        renamed: Old key per new key.
        catalog: What the catalog gained, lost or describes differently: JSON forms, as the plan has them.
        guards: The guards that the run changed: JSON forms, as the plan has them, each with `loosened`.
        moved: How many clients were reassigned.
        reason: Why, in the author's own words.
        seal: Of the run's event; sealed by it is every event before it. To be kept elsewhere.
        unfinished: Keys of the packages that were planned and not written, since a platform without change
            sets failed in between.
    """

    id: int
    plan_hash: str
    at: datetime
    actor: str
    environment: str
    on_behalf_of: str | None = None
    commit: str | None = None
    allowed: tuple[str, ...] = ()
    changes: Sequence[Mapping[str, Any]] = ()
    before: Mapping[str, PackageState] = field(default_factory=dict)
    after: Mapping[str, PackageState] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    catalog: tuple[Mapping[str, Any], ...] = ()
    guards: tuple[Mapping[str, Any], ...] = ()
    moved: int = 0
    reason: str = ""
    seal: str = ""
    unfinished: tuple[str, ...] = ()

    @property
    def settled_commit(self) -> str | None:
        """The commit whose files the run brought about; None where it did so in part."""
        return None if self.unfinished else self.commit
