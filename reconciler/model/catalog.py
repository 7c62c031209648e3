"""The vocabulary that a platform offers: features and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct, field

from reconciler.model.forms import composed
from reconciler.model.packages import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Feature(Struct, frozen=True):
    """Something that a package switches on.

    Attributes:
        ai: Whether using it draws on AI credits (rule 6).
        requires: Keys of the features that must be on beside it.
    """

    title: str
    description: str = ""
    ai: bool = False
    requires: tuple[str, ...] = ()
    deprecated: bool = False
    replaced_by: str | None = None


class Limit(Struct, frozen=True):
    """Something that a package caps.

    Attributes:
        unit: What is counted, in the singular: `session`, `MB`.
        per: `cycle` where use starts again at 0 with every billing cycle.
        feature: Key of the feature that must be on for the limit to mean something.
    """

    title: str
    description: str = ""
    unit: str = ""
    per: Literal["cycle"] | None = None
    feature: str | None = None


class Catalog(Struct, frozen=True):
    """Features and limits by key, sorted by key."""

    features: Mapping[str, Feature] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)

    @classmethod
    def normalised(cls, document: Mapping[str, Any]) -> Catalog:
        """Build from a schema-valid document."""
        features, limits = document.get("features", {}), document.get("limits", {})
        return cls(
            features={key: _feature(features[key]) for key in sorted(features)},
            limits={key: Limit(**_composed(limits[key])) for key in sorted(limits)},
        )

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form, without what equals the default; `normalised` reads it back."""
        return {
            "features": {key: _feature_document(feature) for key, feature in self.features.items()},
            "limits": {key: _limit_document(limit) for key, limit in self.limits.items()},
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON form."""
        return digest_of(self.as_document())


NO_TERMS: Final = Catalog()
_TEXTS: Final = ("title", "description", "unit")


def _composed(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: composed(value) if key in _TEXTS else value for key, value in document.items()}


def _feature(document: Mapping[str, Any]) -> Feature:
    return Feature(**{**_composed(document), "requires": tuple(sorted(set(document.get("requires", ()))))})


def _feature_document(feature: Feature) -> dict[str, Any]:
    document: dict[str, Any] = {"title": feature.title, "description": feature.description, "ai": feature.ai}
    document |= {"requires": list(feature.requires), "deprecated": feature.deprecated}
    document["replaced_by"] = feature.replaced_by
    return {name: value for name, value in document.items() if value or name == "title"}


def _limit_document(limit: Limit) -> dict[str, Any]:
    document: dict[str, Any] = {"title": limit.title, "description": limit.description, "unit": limit.unit}
    document |= {"per": limit.per, "feature": limit.feature}
    return {name: value for name, value in document.items() if value or name == "title"}
