"""The package schema that knows one catalog: what editors complete, explain on hover and underline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.catalog import Catalog, Feature, Limit


def editor_schema(package: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Return the package schema with the catalog's features and limits in place of any key.

    What is deprecated is still accepted, comes last and says so. `markdownEnumDescriptions` is not part of
    JSON Schema; language servers show it, and everybody else passes it over.
    """
    properties: dict[str, Any] = dict(package["properties"])
    if catalog.features:
        properties["features"] = {**properties["features"], "items": _features(catalog)}
    if catalog.limits:
        properties["limits"] = _limits(properties["limits"], catalog)
    return {**package, "properties": properties}


def _features(catalog: Catalog) -> dict[str, Any]:
    features = sorted(catalog.features.items(), key=lambda pair: (pair[1].deprecated, pair[0]))
    return {
        "type": "string",
        "title": "Feature",
        "enum": [key for key, _ in features],
        "markdownEnumDescriptions": [_feature_words(feature) for _, feature in features],
    }


def _feature_words(feature: Feature) -> str:
    notes = [f"**{feature.title}**" + (" *(deprecated)*" if feature.deprecated else "")]
    notes += [feature.description] if feature.description else []
    notes += [f"Use `{feature.replaced_by}` instead."] if feature.replaced_by else []
    notes += [f"Needs {', '.join(f'`{key}`' for key in feature.requires)}."] if feature.requires else []
    notes += ["Draws on AI credits."] if feature.ai else []
    return "\n\n".join(notes)


def _limits(generic: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    [cap] = generic["patternProperties"].values()
    kept = {name: value for name, value in generic.items() if name != "patternProperties"}
    named = {key: {**cap, **_limit_words(limit)} for key, limit in catalog.limits.items()}
    return {**kept, "properties": named, "additionalProperties": False}


def _limit_words(limit: Limit) -> dict[str, str]:
    counted = " ".join(part for part in (limit.unit, "per billing cycle" if limit.per else "") if part)
    notes = [limit.description] if limit.description else []
    notes += [f"Counted in: {counted}."] if counted else []
    notes += [f"Caps the feature `{limit.feature}`."] if limit.feature else []
    return {"title": limit.title, "description": " ".join(notes) or limit.title}
