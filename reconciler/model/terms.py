"""The table of terms: what a package grants or restricts, and every way in which two packages can differ.

Schema, normaliser, comparison, counting, texts and pages read these rows; none of them names a cap or words a
code. A new cap is its row here with two codes, and its field in `documents/package`.
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias, get_args

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LossVerb: TypeAlias = Literal["removes", "lowers", "shortens", "narrows", "archives", "ends"]
LOSS_VERBS: Final[tuple[LossVerb, ...]] = get_args(LossVerb)
"""The words of a package file that acknowledge a loss."""

Count: TypeAlias = Literal["use", "over", "expired", "not_allowed"]
"""What is asked of the clients whom a loss concerns: who uses what goes, who is above what is left, whose
subscription would be over, whose owner the new list of e-mails leaves out."""


class Severity(StrEnum):
    """How badly a change treats clients, worst first; the worst cause decides."""

    BREAKING = "breaking"
    RESTRICTING = "restricting"
    EXPANDING = "expanding"
    NEUTRAL = "neutral"

    @property
    def rank(self) -> int:
        """0 is the worst, so that `min(..., key=rank)` is the worst cause."""
        return _RANKS[self]

    @property
    def is_loss(self) -> bool:
        """Whether somebody gets less."""
        return self in {Severity.BREAKING, Severity.RESTRICTING}


_RANKS: Final = {severity: rank for rank, severity in enumerate(Severity)}


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst of them; neutral where there is none."""
    return min(severities, key=lambda severity: severity.rank, default=Severity.NEUTRAL)


class Kind(Enum):
    """The sorts of term. Code matches on these, never on a cap or a code."""

    FEATURE = auto()
    LIMIT = auto()
    CAP = auto()
    EXPIRY = auto()
    EMAILS = auto()
    GRANT = auto()
    TEXT = auto()
    PACKAGE = auto()


class Code(StrEnum):
    """Every kind of difference between two definitions."""

    SUBSCRIPTION_ENDED = "subscription-ended"
    FEATURE_REMOVED = "feature-removed"
    FEATURE_ADDED = "feature-added"
    LIMIT_LOWERED = "limit-lowered"
    LIMIT_RAISED = "limit-raised"
    LIMIT_REMOVED = "limit-removed"
    USER_COUNT_LOWERED = "user-count-lowered"
    USER_COUNT_RAISED = "user-count-raised"
    AI_CREDITS_LOWERED = "ai-credits-lowered"
    AI_CREDITS_RAISED = "ai-credits-raised"
    EXPIRY_SHORTENED = "expiry-shortened"
    EXPIRY_EXTENDED = "expiry-extended"
    EMAILS_NARROWED = "emails-narrowed"
    EMAILS_WIDENED = "emails-widened"
    GRANT_ENDED = "grant-ended"
    TITLE_CHANGED = "title-changed"
    DESCRIPTION_CHANGED = "description-changed"
    PACKAGE_ARCHIVED = "package-archived"
    PACKAGE_RESTORED = "package-restored"
    PACKAGE_RENAMED = "package-renamed"

    @property
    def row(self) -> CodeRow:
        """What is known of it."""
        return CODES[self]


class Cap(Struct, frozen=True):
    """A limit that every package may state and no catalog declares.

    Attributes:
        key: As package files and the API write it.
        label: What it counts, in a line of a plan: `users`.
        title: What it is called where it stands alone.
        unit: What one of it is called beside an amount, and `units` what several are.
        per: `cycle` where a pool begins anew with each billing cycle.
        metered: Whether its use is recorded as usage, or is the number of a client's team members.
        is_always_granted: Whether every package states it; else what leaves it out grants none.
        beside: `ai` where it may only stand beside a feature that the catalog marks so (rule 6).
        names: What descriptions call one of it, in small letters.
        also_called: What people write for its key, besides.
        when_over: What is said of one client above it, and of several.
    """

    key: str
    label: str
    title: str
    unit: str
    units: str
    lowered: Code
    raised: Code
    per: Literal["cycle"] | None = None
    metered: Literal["usage", "users"] = "usage"
    is_always_granted: bool = False
    beside: Literal["ai"] | None = None
    names: tuple[str, ...] = ()
    also_called: tuple[str, ...] = ()
    when_over: tuple[str, str] = ("has used more than that", "have used more than that")


USERS: Final = Cap(
    key="user_count",
    label="users",
    title="Team members",
    unit="team member",
    units="team members",
    lowered=Code.USER_COUNT_LOWERED,
    raised=Code.USER_COUNT_RAISED,
    metered="users",
    is_always_granted=True,
    names=("user", "seat", "team member", "member", "people", "person", "agent seat"),
    also_called=("users", "user", "seats", "members", "team", "benutzer", "utilisateurs"),
    when_over=("has more users than that", "have more users than that"),
)
AI_CREDITS: Final = Cap(
    key="ai_credits",
    label="AI credits",
    title="AI credits",
    unit="AI credit",
    units="AI credits",
    lowered=Code.AI_CREDITS_LOWERED,
    raised=Code.AI_CREDITS_RAISED,
    per="cycle",
    beside="ai",
    names=("ai credit", "credit"),
    also_called=("credits", "ai", "ki_credits"),
)
CAPS: Final[Mapping[str, Cap]] = MappingProxyType({cap.key: cap for cap in (USERS, AI_CREDITS)})
"""By key, in the order in which package files state them."""


def counts_members(meter: str) -> bool:
    """Whether a meter is the number of a client's team members, which is not usage of a cycle."""
    return meter in CAPS and CAPS[meter].metered == "users"


class CodeRow(Struct, frozen=True):
    """What is known of one kind of difference.

    Attributes:
        verb: What the change does, in the third person: `removes`.
        title: What happened, for whoever asks what the code means; `explanation` says what follows.
        mirror: The difference that gives the same back; None where nothing is taken away.
        acknowledged_by: The word of a package file that states it as intended.
        counted: What is asked of the clients whom it concerns.
        held: What is kept or lost with it, where that is not simply `it`.
        reaches_holders: Whether it changes what a holder may use, once it is reassigned.
        cap: The cap that it is about.
    """

    kind: Kind
    severity: Severity
    verb: str
    title: str
    explanation: str
    mirror: Code | None = None
    acknowledged_by: LossVerb | None = None
    counted: frozenset[Count] = frozenset()
    held: str = "it"
    reaches_holders: bool = True
    cap: Cap | None = None

    @property
    def is_gain(self) -> bool:
        """Whether it gives somebody more."""
        return self.severity is Severity.EXPANDING


_STATED: Final[Mapping[Code, CodeRow]] = {
    Code.SUBSCRIPTION_ENDED: CodeRow(
        Kind.EXPIRY,
        Severity.BREAKING,
        "ends",
        "Subscriptions end with this apply",
        "Under the new expiry they are over already: the client may use nothing from then on. Who ends "
        "counts as using it where anything was used in this cycle, and not as shortened as well.",
        mirror=Code.EXPIRY_EXTENDED,
        acknowledged_by="ends",
        counted=frozenset({"use"}),
        held="the subscription",
    ),
    Code.FEATURE_REMOVED: CodeRow(
        Kind.FEATURE,
        Severity.BREAKING,
        "removes",
        "A feature is switched off",
        "Clients who hold the package keep the feature until they are reassigned. Counted: who has it, and "
        "who used it in this cycle.",
        mirror=Code.FEATURE_ADDED,
        acknowledged_by="removes",
        counted=frozenset({"use"}),
    ),
    Code.FEATURE_ADDED: CodeRow(
        Kind.FEATURE,
        Severity.EXPANDING,
        "adds",
        "A feature is switched on",
        "New clients get it at once, clients who hold the package when they are reassigned.",
    ),
    Code.LIMIT_LOWERED: CodeRow(
        Kind.LIMIT,
        Severity.RESTRICTING,
        "lowers",
        "A limit becomes smaller",
        "Counted: who has the larger limit, who uses it, and who is above the new one already. Nothing of "
        "theirs is deleted; new use is refused until they are under it.",
        mirror=Code.LIMIT_RAISED,
        acknowledged_by="lowers",
        counted=frozenset({"use", "over"}),
    ),
    Code.LIMIT_RAISED: CodeRow(
        Kind.LIMIT,
        Severity.EXPANDING,
        "raises",
        "A limit becomes larger",
        "So does one that the package did not promise before.",
    ),
    Code.LIMIT_REMOVED: CodeRow(
        Kind.LIMIT,
        Severity.RESTRICTING,
        "removes",
        "A limit is no longer promised",
        "Its feature is gone, or the package leaves it out. A limit that is left out grants nothing.",
        mirror=Code.LIMIT_RAISED,
        acknowledged_by="removes",
        counted=frozenset({"use", "over"}),
    ),
    Code.EXPIRY_SHORTENED: CodeRow(
        Kind.EXPIRY,
        Severity.RESTRICTING,
        "shortens",
        "Subscriptions end earlier",
        "Expiry counts from each client's own assignment, also after a rollout. Counted: who would find the "
        "subscription over. A month may be shorter than 30 days, and longer, so that each holder is counted "
        "by its own start.",
        mirror=Code.EXPIRY_EXTENDED,
        acknowledged_by="shortens",
        counted=frozenset({"expired"}),
        held="the longer expiry",
    ),
    Code.EXPIRY_EXTENDED: CodeRow(
        Kind.EXPIRY,
        Severity.EXPANDING,
        "extends",
        "Subscriptions end later",
        "Or never, where the package no longer expires.",
    ),
    Code.EMAILS_NARROWED: CodeRow(
        Kind.EMAILS,
        Severity.BREAKING,
        "narrows",
        "Fewer may be assigned the package",
        "Allowed e-mails gate assignment, not use: who holds the package and is no longer on the list keeps "
        "it, and is left out by a rollout.",
        mirror=Code.EMAILS_WIDENED,
        acknowledged_by="narrows",
        counted=frozenset({"not_allowed"}),
        held="the package",
        reaches_holders=False,
    ),
    Code.EMAILS_WIDENED: CodeRow(
        Kind.EMAILS,
        Severity.EXPANDING,
        "widens",
        "More may be assigned the package",
        "The list of allowed e-mails becomes longer.",
        reaches_holders=False,
    ),
    Code.GRANT_ENDED: CodeRow(
        Kind.GRANT,
        Severity.RESTRICTING,
        "ends",
        "A grant ends with a reassignment",
        "It was given until the client is reassigned, and what the package and other grants give then is "
        "less. Counted: who has less then, and who uses more than that. No file states it as intended: "
        "whoever gave the grant did.",
        counted=frozenset({"use"}),
        held="what it gives",
    ),
    Code.TITLE_CHANGED: CodeRow(
        Kind.TEXT,
        Severity.NEUTRAL,
        "changes",
        "Another title",
        "A package is known by its key; its title is free to change.",
        reaches_holders=False,
    ),
    Code.DESCRIPTION_CHANGED: CodeRow(
        Kind.TEXT,
        Severity.NEUTRAL,
        "changes",
        "Another description",
        "Nobody gets more or less.",
        reaches_holders=False,
    ),
    Code.PACKAGE_ARCHIVED: CodeRow(
        Kind.PACKAGE,
        Severity.BREAKING,
        "archives",
        "The package is no longer sold",
        "It cannot be assigned any more. Its history and whoever holds it stay as they are.",
        mirror=Code.PACKAGE_RESTORED,
        acknowledged_by="archives",
        held="the package",
    ),
    Code.PACKAGE_RESTORED: CodeRow(
        Kind.PACKAGE,
        Severity.EXPANDING,
        "restores",
        "An archived package is sold again",
        "It can be assigned again.",
    ),
    Code.PACKAGE_RENAMED: CodeRow(
        Kind.PACKAGE,
        Severity.NEUTRAL,
        "renames",
        "Another key",
        "`renamed_from` in the file says so; whoever holds the package holds it under the new key.",
    ),
}


def _lowered(cap: Cap) -> CodeRow:
    each = " per cycle" if cap.per else ""
    over = (
        "Counted: who may have more now, and who has more than the new cap. Nobody is thrown out; nobody can "
        "be added until the team is small enough."
        if cap.metered == "users"
        else "Counted: who may have more now, who uses any, and who has used more than the new cap. Nothing "
        "is taken back; new use is refused until it is under the cap."
    )
    return CodeRow(
        Kind.CAP,
        Severity.RESTRICTING,
        "lowers",
        f"Fewer {cap.units}{each}",
        over,
        mirror=cap.raised,
        acknowledged_by="lowers",
        counted=frozenset({"over"} if cap.metered == "users" else {"use", "over"}),
        cap=cap,
    )


def _raised(cap: Cap) -> CodeRow:
    each = " of each billing cycle" if cap.per else ""
    return CodeRow(
        Kind.CAP,
        Severity.EXPANDING,
        "raises",
        f"More {cap.units}{' per cycle' if cap.per else ''}",
        f"The cap on {cap.units}{each} becomes larger.",
        cap=cap,
    )


def _rows() -> dict[Code, CodeRow]:
    made = {cap.lowered: _lowered(cap) for cap in CAPS.values()}
    made |= {cap.raised: _raised(cap) for cap in CAPS.values()}
    stated = {**_STATED, **made}
    return {code: stated[code] for code in Code}


CODES: Final[Mapping[Code, CodeRow]] = MappingProxyType(_rows())
"""Every code, in the order of `Code`: within one severity, what comes first is told first."""


class Term(NamedTuple):
    """One thing that a package grants or restricts: a feature and a limit of the same key are two.

    Attributes:
        section: `features` or `limits`; empty for what every package has.
        key: Of the feature or limit, or the name of the field.
    """

    section: str
    key: str

    @classmethod
    @lru_cache(maxsize=4096)  # plans name the same few terms for each of many packages
    def at(cls, path: str) -> Term:
        """Return what a JSON Pointer (RFC 6901) into a package names."""
        *section, key = (part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:])
        return cls("/".join(section), key)

    @classmethod
    def named(cls, text: str) -> Term:
        """Return what a package file names: `audio_call`, `features/audio_call`, `user_count`."""
        section, _, key = text.rpartition("/")
        return cls(section, key)

    @property
    def path(self) -> str:
        """The JSON Pointer that names it."""
        return pointer(*filter(None, self))

    def __str__(self) -> str:
        return f"{self.section}/{self.key}" if self.section else self.key


EXPIRY: Final = Term("", "expiry")
"""When subscriptions end, the one term that is taken from holders by the day on which they began."""


@lru_cache(maxsize=4096)
def pointer(*keys: str) -> str:
    """Return the JSON Pointer (RFC 6901) of these keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
