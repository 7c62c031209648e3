"""The plan: changes, impacts and guard results as one frozen value that is also a published file format.

Keys of the stable core may be added to, never renamed (`format_version` counts the major changes). Lists are
tuples, sorted where the plan is built.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias, TypeGuard

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from reconciler.model.capabilities import EVERYTHING, Capabilities
from reconciler.model.fields import ByKind, ClientId, Items, Line, Number, PackageKey, Readable
from reconciler.model.packages import digest_of
from reconciler.model.terms import Code, Kind, LossVerb, Severity, Term

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FORMAT_VERSION: Final = "1.0"

THE_CLIENTS: Final = "{clients}"
"""Where a notice names clients."""

Stated: TypeAlias = SerializeAsAny[JsonValue]
"""Is written as it is: to tell its kind again costs more than all else of a large plan's file."""

_MOST: Final = 100_000
WHOLE_PLAN: Final = "*"
"""The key of a guard that speaks of the plan as a whole."""

OFFLINE: Final = "git"
"""The kind of platform of a plan that was made from two commits, without any platform."""


TermAfter: TypeAlias = Literal["former", "kept", "new", "same"]
"""What becomes of the term of clients who are given another holding one by one: they have their former start
again, keep start, extension and usage, begin a new term and cycle, or keep all but grants and extension."""


class Reach(StrEnum):
    """Whom a change reaches, beside the clients who are assigned the package from now on."""

    NEW_CLIENTS_ONLY = "new-clients-only"
    KEPT_UNTIL_REASSIGNED = "kept-until-reassigned"
    ON_REASSIGN = "on-reassign-in-this-plan"
    NEXT_PERIOD = "every-holder-at-the-next-period"
    AT_ONCE = "every-holder-at-once"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What is done with a package, or with the clients who hold it."""

    CREATE = "create"
    UPDATE = "update"
    ARCHIVE = "archive"
    RESTORE = "restore"
    RENAME = "rename"
    REASSIGN = "reassign"


_SECTIONS: Final = {Kind.FEATURE: "features", Kind.LIMIT: "limits"}


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True
    )


class FieldChange(_Frozen):
    """One difference; `path` is a JSON Pointer into the package, with one path per feature and limit.

    Attributes:
        line: Where the file says so, counted from 1; None where no file does, or where nothing is written any
            more of what is gone.
    """

    path: str
    before: Stated = Field(alias="from")
    after: Stated = Field(alias="to")
    code: Code
    severity: Severity = Field(strict=False)
    line: int | None = None

    @property
    def term(self) -> Term:
        """What differs."""
        return Term.at(self.path)


class ImpactFinding(_Frozen):
    """What one loss does to clients with an active subscription whose snapshot grants what is lost.

    Or one gain: then `gain` says who has it from now on, and the other counts are 0.

    Attributes:
        subject: Key of the feature, limit or cap, or `expiry`, `allowed_emails`, `package`, `subscriptions`;
            of a grant `features/KEY`, `limits/KEY` or a cap.
        held: What they hold of it now, each value once, the most first.
        left: What the package grants of it after the plan.
        keep: Clients who keep it, since this plan does not reassign them.
        lose: Clients who lose it with this plan.
        use: Of both, clients with usage of it in the current cycle.
        over: Of both, clients above the new cap.
        not_allowed: Of both, clients whose owner the new e-mail list leaves out.
        expired: Of both, clients whose subscription would be over under the new expiry.
        lose_use: Of those who lose it, clients with usage of it in the current cycle.
        lose_over: Of those who lose it, clients above the new cap.
        gain: Clients to whom this plan gives it.
        granted: Clients beside these who keep it by a grant; of a gain, whose grant gives no more than it.
        sample: The first few of the clients concerned: those first whom it hurts most, who lose it now before
            who keeps it.
    """

    code: Code = Field(strict=False)
    subject: str
    held: tuple[JsonValue, ...] = Field(default=(), alias="from")
    left: JsonValue = Field(default=None, alias="to")
    keep: int = 0
    lose: int = 0
    use: int = 0
    over: int = 0
    not_allowed: int = 0
    expired: int = 0
    lose_use: int = 0
    lose_over: int = 0
    gain: int = 0
    granted: int = 0
    sample: tuple[str, ...] = ()

    @property
    def term(self) -> Term:
        """What is lost."""
        if self.code.row.kind is Kind.GRANT:
            return Term.named(self.subject)
        return Term(_SECTIONS.get(self.code.row.kind, ""), self.subject)


class Figures(_Frozen):
    """The figures that decide: distinct clients, null where the platform cannot say.

    A client holds one package, so that those of a plan are the sums over its packages.

    Attributes:
        clients_losing: Who loses anything with this apply.
        clients_losing_in_use: Of these, who uses more than is left: more than 0 of what goes, more than the
            new cap of what shrinks.
        clients_keeping: Who keeps something that is taken away, until it is reassigned.
        clients_gaining: Who gains anything with this apply.
        subscriptions_ended: Whose subscription is over with this apply.
    """

    clients_losing: int | None = 0
    clients_losing_in_use: int | None = 0
    clients_keeping: int | None = 0
    clients_gaining: int | None = 0
    subscriptions_ended: int | None = 0


class Impact(Figures):
    """What a change does to clients.

    Attributes:
        holders: Clients with an active subscription to the package.
        suspended: Clients who hold it while they themselves are not active; null where that is unknown.
        stale: Of the holders, clients who were outdated already: the live revision would give them something
            else.
        affected: Of the holders, clients who keep or lose at least one thing that the change takes away.
        grants_ending: Clients who move and have a grant that was given until then.
        complete: False where the platform could not say everything; counts are then lower bounds.
    """

    holders: int | None = 0
    suspended: int | None = 0
    stale: int = 0
    affected: int = 0
    grants_ending: int = 0
    complete: bool = True
    findings: tuple[ImpactFinding, ...] = ()

    @classmethod
    def unknown(cls) -> Impact:
        """Return what is known without a platform: nothing."""
        nothing = dict.fromkeys((*Figures.model_fields, "holders", "suspended"))
        return cls.model_validate({**nothing, "complete": False})


class Source(_Frozen):
    """The place in a file that a change comes from; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1


class Reassignment(_Frozen):
    """The clients whom a reassign change moves to another revision of the package that they hold.

    Attributes:
        to_revision: None: the revision that is current after the apply. A rollback names an older one.
        to_package: The package that they come to client by client: what a hand did is taken back, or they
            move between packages; None: the same, by a rollout.
        term: What becomes of their term where they come to a package so.
        clients: How many move with this plan.
        remaining: How many eligible holders of older revisions wait for a later run.
        from_revisions: How many move, per revision that they leave (as text, as JSON keys are).
        through: Id of the last client of this step; None where no step is cut.
        excluded: Holders of older revisions whom the file's `exclude` leaves where they are.
        not_allowed: Holders of older revisions who stay since the e-mail list does not have their owner.
        resumed: How many of those who move have a subscription that is over and goes on: a rollback.
    """

    clients: int
    to_revision: int | None = None
    to_package: str | None = None
    term: TermAfter | None = None
    remaining: int = 0
    from_revisions: dict[str, int] = Field(default_factory=dict)
    through: str | None = None
    excluded: int = 0
    not_allowed: int = 0
    resumed: int = 0


class Change(_Frozen):
    """One change of one package, or one reassignment of its holders.

    Attributes:
        key: The package's key after the change.
        title: The package's title after the change.
        renamed_from: Its key before, for a rename.
        from_revision: Current revision when the plan was made; None for a create.
        from_version: Write counter of the package when the plan was made; what the apply is conditional on.
        adopts: Whether the package was made by hand and comes under the files' control.
        origin: Where the difference came from since the last apply: the files, somebody who edited the
            platform by hand, or both.
    """

    action: Action = Field(strict=False)
    key: str
    title: str = ""
    renamed_from: str | None = None
    from_revision: int | None = None
    from_version: int | None = None
    severity: Severity = Field(strict=False)
    reach: Reach = Field(strict=False)
    adopts: bool = False
    origin: Literal["files", "platform", "both"] = "files"
    fields: tuple[FieldChange, ...] = ()
    source: Source | None = None
    impact: Impact = Impact()
    reassignment: Reassignment | None = None

    @property
    def is_transfer(self) -> bool:
        """Whether clients come to what they hold then one by one, by no revision of the package they hold."""
        return self.reassignment is not None and self.reassignment.to_package is not None

    @property
    def done(self) -> str:
        """What is done, in a verb: that a package comes under the files' control as it is, is no update.

        Holders whom an edit reaches by itself are not reassigned: the package is updated.
        """
        if self.reassignment is not None and self.reach is not Reach.ON_REASSIGN:
            return Action.UPDATE.value
        return "adopt" if self.adopts and not self.fields else self.action.value


def documents_of(changes: Collection[Change]) -> list[dict[str, Any]]:
    """Return the JSON forms of changes; what thousands of them share, such as a feature, is one object."""
    parts = {id(each): each for change in changes for each in (*change.fields, change.impact)}
    told = {number: each.model_dump(mode="json", by_alias=True) for number, each in parts.items()}
    return [
        {
            **change.model_dump(mode="json", by_alias=True, exclude={"fields", "impact"}),
            "fields": [told[id(each)] for each in change.fields],
            "impact": told[id(change.impact)],
        }
        for change in changes
    ]


def deeds(changes: Iterable[Change]) -> Counter[str]:
    """Count the packages with which each `Change.done` is done."""
    return Counter(done for _, done in {(change.key, change.done) for change in changes})


class CatalogFieldChange(_Frozen):
    """One feature or limit that the catalog gains, loses or describes differently."""

    path: str
    before: Stated = Field(alias="from")
    after: Stated = Field(alias="to")


class CatalogChange(_Frozen):
    """The catalog's differences; `from_digest` is what the apply is conditional on."""

    fields: tuple[CatalogFieldChange, ...] = ()
    from_digest: str | None = None


GuardValue: TypeAlias = int | str | tuple[str, ...]
"""A number, a share, a word, or keys of packages."""


class GuardChange(_Frozen):
    """A guard of the configuration, as the last apply recorded it and as the files have it."""

    guard: str
    before: GuardValue = Field(alias="from")
    after: GuardValue = Field(alias="to")


class GuardedLoss(_Frozen):
    """The loss that a guard judged.

    Attributes:
        verb: The word of a package file that states it as intended.
        term: What it names there; `features/KEY` and `limits/KEY` where a feature and a limit share the key.
        clients: How many are concerned by it, with those who lost it before under the same entry.
        before: How many of them lost it before.
        later: How many more lose it in later steps of the rollout, as things are.
        bound: What the entry allows over all runs; None where no entry that counts today names it.
        entry: Whether the package file has an entry for it, and why that is not enough.
    """

    verb: LossVerb
    term: str
    clients: int
    before: int = 0
    later: int = 0
    bound: int | None = None
    entry: Literal["missing", "ended", "spent", "too-small", "enough"] = "missing"

    @property
    def in_all(self) -> int:
        """How many clients an entry must allow for the whole rollout to pass: its bound is a total."""
        return self.clients + self.later


class GuardResult(_Frozen):
    """What one guard said about one package (`*` for the plan as a whole).

    Attributes:
        about: The loss that is not stated as intended, or is; None where the guard speaks of no loss.
        advice: What can be done about it in this plan; empty where that does not depend on the plan.
    """

    id: str
    key: str
    result: Literal["passed", "blocked", "allowed"]
    message: str
    about: GuardedLoss | None = None
    advice: str = ""

    @property
    def obstacle(self) -> str:
        """Which guard blocks what, in words, where it does."""
        return f"{self.id} blocks {'the whole plan' if self.key == WHOLE_PLAN else self.key}"


class ClientNotice(_Frozen):
    """A sentence about single clients.

    Attributes:
        text: `{clients}` stands where they are named.
        clients: Their ids; empty where the plan does not name clients.
        count: How many there are.
    """

    text: str
    clients: tuple[str, ...]
    count: int


class Outdated(_Frozen):
    """Clients with an active subscription to a revision that grants something else than the current one.

    Attributes:
        since: When the first later revision was minted that grants something else.
    """

    package: str
    revision: int
    clients: int
    since: AwareDatetime


class WaitingStep(_Frozen):
    """The next step of a rollout, which moves nobody before its day (rule 19).

    Attributes:
        key: Of the package.
        clients: How many it moves, as things are.
        day: In UTC.
        every: Days from one step to the next; None where the file's `not_before` names the day.
    """

    key: str
    clients: int
    day: date
    every: int | None = None


@dataclass(frozen=True, slots=True)
class FilesApplied(Readable):
    """The platform becomes what the files say."""

    kind: Literal["files"] = "files"


@dataclass(frozen=True, slots=True)
class RunUndone(Readable):
    """The platform becomes what it was before a run."""

    run: Number
    kind: Literal["rollback"] = "rollback"


@dataclass(frozen=True, slots=True)
class EventUndone(Readable):
    """What was done by hand to clients or to a package is taken back."""

    event: Line
    kind: Literal["rollback-event"] = "rollback-event"


@dataclass(frozen=True, slots=True)
class ClientsReassigned(Readable):
    """Clients move to the current revision of the package that they hold.

    Attributes:
        clients: Ids; None for all who are on older revisions, empty where the plan names no clients.
    """

    package: PackageKey
    clients: Annotated[tuple[ClientId, ...], Items(_MOST)] | None = None
    kind: Literal["move"] = "move"


@dataclass(frozen=True, slots=True)
class ClientsMoved(Readable):
    """Clients move to the current revision of another package than the one that they hold (rule 16).

    Attributes:
        package: That they hold.
        keeps_term: Whether their start, their extension and what they have used stay; else their term and
            their cycle start anew, as with an assignment by hand (rule 10).
        clients: Ids; None for all with an active subscription, empty where the plan names no clients.
    """

    package: PackageKey
    to_package: PackageKey
    keeps_term: bool
    clients: Annotated[tuple[ClientId, ...], Items(_MOST)] | None = None
    kind: Literal["move-between"] = "move-between"


Aim: TypeAlias = FilesApplied | ClientsReassigned | ClientsMoved | RunUndone | EventUndone
"""What a plan is for."""
FILES_APPLIED: Final = FilesApplied()


def names_clients(aim: Aim) -> TypeGuard[ClientsReassigned | ClientsMoved]:
    """Whether a plan for this is about clients who are named one by one."""
    return isinstance(aim, ClientsReassigned | ClientsMoved) and aim.clients is not None


class PlatformIdentity(_Frozen):
    """Which platform.

    Attributes:
        lineage: A UUID minted once per store.
        capabilities: What it can do; not written where that is everything.
    """

    kind: str
    lineage: str
    capabilities: Capabilities = EVERYTHING

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = write(self)
        if self.capabilities == EVERYTHING:
            del found["capabilities"]
        return found


class PlatformSeen(PlatformIdentity):
    """The platform as it was when the plan was made.

    Attributes:
        run: Number of the newest run; 0 where there was none.
        run_plan: Hash of the plan that this run applied: a copy of the platform that went its own way has
            another run of this number.
        versions: Write counter of every package, by key.
    """

    run: int = 0
    run_plan: str | None = None
    versions: dict[str, int] = Field(default_factory=dict)


class FilesIdentity(_Frozen):
    """Which files: the commit they are at, where git knows, and the digest of every file that was read."""

    commit: str | None = None
    files: dict[str, str] = Field(default_factory=dict)


class Summary(Figures):
    """How many changes of each action, and what they do to clients, each package's clients once.

    Attributes:
        clients_affected: Who keeps or loses something that is taken away.
        suspended: Who holds a changed package while itself not active.
    """

    create: int = 0
    update: int = 0
    archive: int = 0
    restore: int = 0
    rename: int = 0
    reassign: int = 0
    clients_affected: int = 0
    suspended: int | None = 0


class TermWords(_Frozen):
    """What the catalog calls a feature or a limit.

    Attributes:
        unit: What a limit counts, in the singular; empty where nothing is counted.
        per: `cycle` where its use begins anew with each billing cycle.
    """

    title: str
    unit: str = ""
    per: Literal["cycle"] | None = None


class Plan(_Frozen):
    """Everything that an apply would do, and to whom.

    Attributes:
        aim: What an apply of the plan file plans again.
        changes: In the order of the apply: create and widen, reassign, narrow, archive.
        loosened: Guards that let more pass from the next run on; this plan is judged by the stricter ones.
        tightened: Guards that differ from the recorded ones otherwise; they count in this plan already.
        outdated: Clients whom the live packages would give something else before this plan, by package and
            revision.
        waiting: What is left of rollouts for a later day; nothing of it is counted as a change.
        terms: What the catalog calls what the plan speaks of, by JSON Pointer, so that a saved plan reads as
            it did when it was made.
        unmanaged: Keys of live packages that no file speaks of and no file ever did.
        left: What stays as a rollback made it until its file changes: packages by key, catalog terms by JSON
            Pointer.
        notices: Sentences a reader should know that neither change nor block anything.
        client_notices: The same about single clients.
        hash: SHA-256 of the canonical JSON of everything else.
    """

    format_version: str = FORMAT_VERSION
    environment: str
    platform: PlatformSeen
    created_at: AwareDatetime
    aim: Annotated[Aim, ByKind()] = FILES_APPLIED
    config: FilesIdentity
    changes: tuple[Change, ...] = ()
    catalog: CatalogChange = CatalogChange()
    loosened: tuple[GuardChange, ...] = ()
    tightened: tuple[GuardChange, ...] = ()
    outdated: tuple[Outdated, ...] = ()
    waiting: tuple[WaitingStep, ...] = ()
    terms: dict[str, TermWords] = Field(default_factory=dict)
    unmanaged: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    notices: tuple[str, ...] = ()
    client_notices: tuple[ClientNotice, ...] = ()
    summary: Summary = Summary()
    blocked: bool = False
    hash: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether an apply would write nothing."""
        return not (self.changes or self.catalog.fields or self.loosened or self.tightened)

    @property
    def is_offline(self) -> bool:
        """Whether it compares two commits, so that it knows no clients and cannot be applied."""
        return self.platform.kind == OFFLINE

    def as_document(self) -> dict[str, Any]:
        """Return the plan file's JSON form."""
        document = self.model_dump(mode="json", by_alias=True, exclude={"changes"})
        return {**document, "changes": documents_of(self.changes)}

    def computed_hash(self) -> str:
        """Return the hash that belongs to this plan's contents."""
        document = self.as_document()
        del document["hash"]
        return digest_of(document)

    def without_clients(self) -> Plan:
        """Return the plan with counts alone, for readers who may not know who the clients are.

        The end of a step is an id as well: whoever applies the plan finds it anew, for no more clients.
        """
        changes = tuple(map(_without_clients, self.changes))
        notices = tuple(each.model_copy(update={"clients": ()}) for each in self.client_notices)
        aim = self.aim
        if names_clients(aim):
            aim = replace(aim, clients=())
        told = {"changes": changes, "client_notices": notices, "aim": aim}
        return self.model_copy(update=told).sealed()

    def sealed(self) -> Plan:
        """Return the plan with its own hash filled in."""
        return self.model_copy(update={"hash": self.computed_hash()})


def _without_clients(change: Change) -> Change:
    findings = tuple(each.model_copy(update={"sample": ()}) for each in change.impact.findings)
    impact = change.impact.model_copy(update={"findings": findings})
    moves = change.reassignment and change.reassignment.model_copy(update={"through": None})
    return change.model_copy(update={"impact": impact, "reassignment": moves})
