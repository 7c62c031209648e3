"""`schemas/catalog.yaml`: the features and limits that the platform offers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from reconciler.model import forms
from reconciler.model.documents.fields import Description, Document, Key, Title, UniqueKeys


class FeatureDocument(Document):
    """Something that a package switches on."""

    title: Title = Field(description="What people read instead of the key.", examples=["Audio calls"])
    description: Description = Field(default="", description="What the feature does.")
    ai: bool = Field(default=False, description="Whether using it draws on AI credits.")
    requires: UniqueKeys = Field(
        default=(), description="Features that must be on beside it.", examples=[["chat"]]
    )
    deprecated: bool = Field(default=False, description="Whether packages should stop naming it.")
    replaced_by: Key | None = Field(
        default=None, description="The feature to name instead.", examples=["live_sessions"]
    )


class LimitDocument(Document):
    """Something that a package caps."""

    title: Title = Field(description="What people read instead of the key.", examples=["Live sessions"])
    description: Description = Field(default="", description="What is capped.")
    unit: Annotated[str, forms.UNIT] = Field(
        default="", description="What is counted, in the singular.", examples=["session", "MB"]
    )
    per: Literal["cycle"] | None = Field(
        default=None, description="`cycle`: use starts again at 0 with every billing cycle."
    )
    feature: Key | None = Field(
        default=None,
        description="The feature that must be on for the limit to mean something.",
        examples=["live_sessions"],
    )


class CatalogDocument(Document):
    """The vocabulary of packages."""

    model_config = ConfigDict(title="Catalog")

    features: dict[Key, FeatureDocument] = Field(default={}, description="Features by key.")
    limits: dict[Key, LimitDocument] = Field(default={}, description="Limits by key.")
