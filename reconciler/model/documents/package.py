"""`packages/<key>.yaml`: what one package grants, and what happens to the clients who hold it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from reconciler.model.documents.fields import (
    Count,
    Description,
    Document,
    Key,
    OldPackageKeys,
    PackageKey,
    PositiveCount,
    Share,
    TermName,
    Title,
    UniqueClientIds,
    UniqueEmails,
    UniqueKeys,
    Unlimited,
)
from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.patterns import DATE_PATTERN, DAYS_PATTERN, LINE_PATTERN
from reconciler.model.terms import CAPS, LOSS_VERBS


def _exactly_one_loss(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [loss]} for loss in LOSS_VERBS]


class RolloutDocument(Document):
    """What happens to clients who already hold the package when it changes."""

    existing_clients: Literal["keep", "reassign"] = Field(
        default="keep",
        description="`keep`: clients stay on what they were assigned. `reassign`: an apply moves them to the "
        "new revision; their start and the credits they used are kept.",
    )
    per_run: PositiveCount | Share | None = Field(
        default=None,
        description="At most this many clients, or this share of the holders, move in one apply. "
        "Left out: all at once.",
        examples=[100, "10%"],
    )
    every: Annotated[str, Field(pattern=DAYS_PATTERN)] = Field(
        default="1 day",
        description="Days (UTC) from one step to the next, where `per_run` makes steps. `0 days`: at once.",
        examples=["7 days"],
    )
    not_before: Annotated[str, Field(pattern=DATE_PATTERN)] | None = Field(
        default=None,
        description="The first day (UTC) on which clients move, as YYYY-MM-DD.",
        examples=["2027-01-01"],
    )
    exclude: UniqueClientIds = Field(
        default=(), description="Ids of clients who stay on what they have.", examples=[["acme"]]
    )


class AcknowledgementDocument(Document):
    """A committed statement that a named loss is intended. Names exactly one loss."""

    model_config = ConfigDict(json_schema_extra=_exactly_one_loss)

    removes: TermName | None = Field(
        default=None,
        description="Key of the feature or limit that is removed; `features/KEY` or `limits/KEY` where a "
        "feature and a limit share it.",
        examples=["audio_call", "limits/recorded_sessions"],
    )
    lowers: TermName | None = Field(
        default=None,
        description=f"Key of the limit that is lowered, or {' or '.join(f'`{key}`' for key in CAPS)}.",
        examples=["user_count"],
    )
    shortens: Literal["expiry"] | None = Field(default=None, description="The expiry is shortened.")
    narrows: Literal["allowed_emails"] | None = Field(
        default=None, description="Some owners may no longer have the package."
    )
    archives: PackageKey | None = Field(
        default=None, description="The package's own key: it is archived.", examples=["growth"]
    )
    ends: Literal["subscriptions"] | None = Field(
        default=None, description="Subscriptions are over with the shorter expiry at once."
    )
    clients: Count = Field(
        description="At most this many clients ever lose it by this entry, over all runs on a platform.",
        examples=[12],
    )
    reason: Annotated[str, Field(max_length=1000, pattern=LINE_PATTERN)] = Field(
        description="Why, for whoever reads the history.",
        examples=["Audio calls end on 1 December; clients were told on 1 November."],
    )
    until: Annotated[str, Field(pattern=DATE_PATTERN)] = Field(
        description="The last day (UTC) on which it counts, as YYYY-MM-DD.", examples=["2026-12-31"]
    )

    @model_validator(mode="after")
    def _names_one_loss(self) -> AcknowledgementDocument:
        if sum(getattr(self, loss) is not None for loss in LOSS_VERBS) != 1:
            raise ValueError(f"name exactly one of {', '.join(LOSS_VERBS)}")
        return self


class PackageDocument(Document):
    """One package. Its key is the file's name without `.yaml`."""

    model_config = ConfigDict(title="Package")

    title: Title = Field(
        description="What clients see; unique over all packages that are not archived.",
        examples=["Professional"],
    )
    description: Description = Field(
        default="", description="What the package is for.", examples=["AI features for growing teams."]
    )
    features: UniqueKeys = Field(
        default=(),
        description="Keys of the features that are on; the catalog declares them.",
        examples=[["chat", "audio_call"]],
    )
    limits: dict[Key, Count | Unlimited] = Field(
        default={},
        description="Cap per limit of the catalog: a whole number, or `unlimited`. "
        "A limit that is left out grants nothing.",
        examples=[{"live_sessions": 5000, "knowledge_sources": "unlimited"}],
    )
    user_count: PositiveCount | Unlimited = Field(
        description="How many team members a client may have: a whole number, or `unlimited`.", examples=[10]
    )
    ai_credits: Count | Unlimited | None = Field(
        default=None,
        description="Pool of AI credits per billing cycle; only beside an AI feature.",
        examples=[2000],
    )
    expiry: Annotated[str, Field(pattern=EXPIRY_PATTERN)] | None = Field(
        default=None,
        description="How long a subscription lasts, counted from its assignment. Left out: it never expires.",
        examples=["14 days", "1 year"],
    )
    allowed_emails: Literal["any"] | UniqueEmails = Field(
        default="any",
        description="Owners who may be assigned the package. `any`, or left out: every client. "
        "A package that is restricted on the platform is opened only by writing `any`.",
        examples=["any", ["ops@acme.example"]],
    )
    renamed_from: PackageKey | OldPackageKeys | None = Field(
        default=None,
        description="The key that the package had before; several, the latest first, where a platform may be "
        "more than one rename behind.",
        examples=["growth", ["growth", "team"]],
    )
    archived: bool = Field(
        default=False, description="Whether it can no longer be assigned; who holds it keeps it."
    )
    rollout: RolloutDocument = RolloutDocument()
    acknowledge: tuple[AcknowledgementDocument, ...] = Field(
        default=(), description="Losses that are intended.", max_length=1000
    )
