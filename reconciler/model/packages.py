"""Packages: what a plan grants, as desired in files and as live on a platform."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct, field
from msgspec.json import Encoder
from msgspec.structs import replace

from reconciler.model.emails import normal_email
from reconciler.model.expiry import Expiry, end_of
from reconciler.model.fields import Days, Readable
from reconciler.model.forms import composed
from reconciler.model.terms import CAPS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.expiry import Window
    from reconciler.model.quantities import Quantity
    from reconciler.model.terms import LossVerb, Term

_NOT_HELD: Final = frozenset({"title", "description", "allowed_emails"})
"""What of a package makes no difference to who holds it."""


class Definition(Struct, frozen=True):
    """What one revision of a package grants. Built normalised: see `normalised`.

    Attributes:
        features: Keys of the features that are on, sorted, each once.
        caps: What the package grants of what `CAPS` declares, in its order; one that is not named grants
            nothing.
        limits: Cap per limit key, sorted by key. A limit that is not named grants nothing, as one of 0 does
            (rule 12).
        expiry: None where subscriptions never expire.
        allowed_emails: Lower-case addresses, sorted, each once; None where any client may have it.
    """

    title: str
    caps: Mapping[str, Quantity]
    description: str = ""
    features: tuple[str, ...] = ()
    limits: Mapping[str, Quantity] = field(default_factory=dict)
    expiry: Expiry | None = None
    allowed_emails: tuple[str, ...] | None = None

    @classmethod
    def normalised(cls, document: Mapping[str, Any]) -> Definition:
        """Build from a schema-valid document, in one form whatever its order and writing.

        Order, the case of e-mails, Unicode's forms and stated defaults make no difference.

        Both sides of every comparison pass here: package files, and `as_document` of a stored revision.
        """
        emails = document.get("allowed_emails", "any")
        expiry = document.get("expiry")
        limits = document.get("limits", {})
        return cls(
            title=composed(document["title"]),
            description=composed(document.get("description", "")),
            features=tuple(sorted(set(document.get("features", ())))),
            limits={key: limits[key] for key in sorted(limits) if limits[key]},
            caps={key: cap for key in CAPS if (cap := document.get(key))},
            expiry=Expiry.parse(expiry) if expiry is not None else None,
            allowed_emails=None
            if emails == "any"
            else tuple(sorted({normal_email(email) for email in emails})),
        )

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form, in the package file's own words and order; `normalised` reads it back."""
        document: dict[str, Any] = {"title": self.title, "description": self.description}
        document |= {"features": list(self.features), "limits": dict(self.limits), **self.caps}
        if self.expiry is not None:
            document["expiry"] = str(self.expiry)
        document["allowed_emails"] = "any" if self.allowed_emails is None else list(self.allowed_emails)
        return document

    @property
    def amounts(self) -> Mapping[str, Quantity]:
        """All that is granted by the amount, caps before limits; the catalog may not use a cap's key."""
        return {**self.caps, **self.limits}

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON form: equal exactly where definitions are equal."""
        return digest_of(self.as_document())

    @property
    def grants_digest(self) -> str:
        """The same of what holders have of it: equal where they may use the same, as long (rule 14)."""
        document = self.as_document()
        return digest_of({key: document[key] for key in document.keys() - _NOT_HELD})

    def held_since(self, start: datetime, extended_to: datetime | None = None) -> tuple[object, ...]:
        """Return what who was assigned it at `start` may use, and until when (rule 14)."""
        return self.features, self.limits, self.caps, end_of(self.expiry, start, extended_to)

    def differs_by_start(self, current: Definition) -> bool:
        """Whether it depends on a holder's start alone if `current` would give it something else."""
        mine, theirs = self.expiry, current.expiry
        if mine is None or theirs is None or mine.unit == theirs.unit:
            return False
        return replace(current, expiry=mine).grants_digest == self.grants_digest

    def starts_that_differ(self, current: Definition, at: datetime, latest: datetime) -> tuple[Window, ...]:
        """Return the starts up to `latest`, running at `at`, that end at another instant under `current`.

        Both must expire, in different units.
        """
        mine, theirs = self.expiry, current.expiry
        if mine is None or theirs is None:
            return ()
        return (*mine.shorter_starts(theirs, at, latest), *theirs.shorter_starts(mine, at, latest))


_CANONICAL: Final = Encoder(order="sorted")


def canonical_json(document: Any) -> str:
    """Return JSON with sorted keys and no spaces: one text per value."""
    return _CANONICAL.encode(document).decode()


def digest_of(document: Any) -> str:
    """Return `sha256:` and the hex digest of the document's canonical JSON in UTF-8."""
    return f"sha256:{hashlib.sha256(_CANONICAL.encode(document)).hexdigest()}"


class Share(Struct, frozen=True):
    """A percentage, 0 < percent <= 100."""

    percent: int

    def of(self, total: int) -> int:
        """Return the share of `total`, rounded up to a whole client."""
        return -(-total * self.percent // 100)

    def __str__(self) -> str:
        return f"{self.percent}%"


def bound_of(value: Any) -> Any:
    """Turn `10%` into a `Share`; whole numbers, `unlimited` and None are what they are."""
    return Share(int(value[:-1])) if isinstance(value, str) and value.endswith("%") else value


@dataclass(frozen=True, slots=True)
class Pace(Readable):
    """On which days (UTC) the steps of a rollout may be (rule 19).

    Attributes:
        every: Days from one step to the next; 0: it follows at once.
        not_before: The first day.
    """

    every: Days = 0
    not_before: date | None = None

    def waits_for(self, stepped_at: datetime | None, at: datetime) -> date | None:
        """Return the day of the step after that of `stepped_at`; None where it may be now."""
        today = at.astimezone(UTC).date()
        apart = stepped_at.astimezone(UTC).date() + timedelta(days=self.every) if stepped_at else today
        earliest = max(apart, self.not_before or today)
        return earliest if earliest > today else None


class Rollout(Struct, frozen=True):
    """What happens to clients who already hold the package when it changes.

    Attributes:
        per_run: At most this many (or this share of the package's eligible holders) move in one apply;
            None moves all.
        exclude: Ids of clients who stay on what they have.
        only: Ids of the clients to move, for a reassignment by hand; None (always so in files): any.
        pace: When anybody moves.
    """

    existing_clients: Literal["keep", "reassign"] = "keep"
    per_run: int | Share | None = None
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    pace: Pace = Pace()


class Acknowledgement(Struct, frozen=True):
    """A committed statement that a named loss is intended.

    Attributes:
        verb: Which kind of loss.
        term: What is lost: a feature, a limit, a cap, `expiry`, `allowed_emails`, `subscriptions`, or the
            package's own key for `archives`; its section is empty where the file leaves it to the catalog.
        clients: At most this many clients ever lose it by this entry, over all runs on a platform.
        until: The last day (UTC) on which it counts.
    """

    verb: LossVerb
    term: Term
    clients: int
    reason: str
    until: date


class Stated:
    """The definition that a file states, built once somebody looks further than its digest and its title."""

    __slots__ = ("_definition", "_digest", "_title")

    def __init__(
        self, definition: Definition | Callable[[], Definition], digest: str = "", title: str = ""
    ) -> None:
        self._definition, self._digest, self._title = definition, digest, title

    @property
    def definition(self) -> Definition:
        """What is granted."""
        if not isinstance(self._definition, Definition):
            self._definition = self._definition()
        return self._definition

    @property
    def digest(self) -> str:
        """Of the definition."""
        return self._digest or self.definition.digest

    @property
    def title(self) -> str:
        """Of the definition."""
        return self._title or self.definition.title

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stated) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return repr(self.definition)


class DesiredPackage(Struct, frozen=True):
    """A package as its file wants it.

    Attributes:
        file: Path relative to the configuration's folder, with forward slashes.
        states_emails: Whether the file writes `allowed_emails` at all; leaving it out never opens a package
            that is restricted live (rule 12).
        renamed_from: Keys that the package had before, the latest first (rule 13).
    """

    key: str
    stated: Stated
    file: str
    states_emails: bool = False
    archived: bool = False
    renamed_from: tuple[str, ...] = ()
    rollout: Rollout = Rollout()
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def definition(self) -> Definition:
        """What it is to grant."""
        return self.stated.definition


class PackageHead(Struct, frozen=True):
    """A live package without its definition.

    Attributes:
        revision: Number of the current revision; the first is 1.
        version: Counts every write to the package, archiving included; conditional writes compare it.
        digest: Of the current revision's definition.
        managed: False for packages made by hand (rule 9).
        applied_digest: Of the definition that the last apply left; None where no apply ever wrote it. What
            differs from it was edited on the platform by hand.
        applied_archived: Whether the last apply left it archived.
        stepped_at: When a rollout last moved holders to the current revision; None where none did.
    """

    key: str
    revision: int
    version: int
    digest: str
    title: str
    archived: bool = False
    managed: bool = True
    applied_digest: str | None = None
    applied_archived: bool = False
    stepped_at: datetime | None = None


class RevisionRef(Struct, frozen=True, order=True):
    """One revision of the package that has `key` now."""

    key: str
    revision: int


class OfferedPackage(Struct, frozen=True):
    """A live package and who holds it.

    Attributes:
        held: Clients with an active subscription, per revision.
        definition: Of the current revision; None where it was not asked for.
    """

    head: PackageHead
    held: Mapping[int, int]
    definition: Definition | None = None

    @property
    def holders(self) -> int:
        """Clients with an active subscription to any of its revisions."""
        return sum(self.held.values())

    @property
    def standing(self) -> str:
        """Whether it can be assigned, and whether files have it."""
        return ", ".join(
            [
                "archived" if self.head.archived else "on offer",
                *(() if self.head.managed else ("made by hand",)),
            ]
        )
