"""Pricing2Yaml 2.1: features and usage limits with defaults, and plans that override them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.sources.imports.amounts import UNSTATED_CAPS, quantity_of
from reconciler.sources.imports.bounded import foreign_yaml, mapping_in
from reconciler.sources.imports.imported import Import
from reconciler.sources.imports.names import key_of, line_of, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_CYCLES: Final = frozenset(("MONTH", "YEAR"))
_LEFT_OUT: Final = {
    "addOns": "Add-ons are no packages; what they add was left out",
    "variables": "Variables were left out",
}


def from_pricing2yaml(content: bytes) -> Import:
    """Return catalog and packages; raises `InvalidError` where the file cannot be read."""
    document = foreign_yaml(content)
    into = Import()
    features, limits = mapping_in(document, "features"), mapping_in(document, "usageLimits")
    names = {name: key_of(name) for name in (*features, *limits)}
    for name, feature in features.items():
        _declare_feature(into, names[name], name, feature)
    for name, limit in limits.items():
        _declare_limit(into, names, name, limit)
    for name, plan in mapping_in(document, "plans").items():
        _package(into, names, (features, limits), name, plan)
    for section, sentence in _LEFT_OUT.items():
        if inside := mapping_in(document, section):
            into.remark(f"{sentence}: {', '.join(inside)}.")
    if any(mapping_in(document, "plans")):
        into.remark("Prices were left out: a package has none.")
    return into


def _declare_feature(into: Import, key: str, name: str, feature: Any) -> None:
    described = _described(name, feature)
    into.features[key] = described
    if _value_type(feature) == "NUMERIC":
        into.limits[key] = {**described, "feature": key}


def _declare_limit(into: Import, names: Mapping[str, str], name: str, limit: Any) -> None:
    described = _described(name, limit)
    if _value_type(limit) != "NUMERIC":
        into.features[names[name]] = described
        return
    unit = line_of(limit.get("unit") or "")[:40]
    linked = limit.get("linkedFeatures") or []
    linked = [names[each] for each in linked if isinstance(each, str) and each in names]
    if len(linked) > 1:
        into.remark(f"{name}: it caps {', '.join(linked)}; a limit has one feature, so it got none.")
    entry = {**described, "unit": unit} if unit else described
    period = mapping_in(limit, "period").get("unit")
    if limit.get("type") == "RENEWABLE" or period in _CYCLES:
        entry["per"] = "cycle"
    elif period:
        into.remark(f"{name}: a period of {line_of(period)} is no billing cycle; it was left out.")
    into.limits[names[name]] = {**entry, "feature": linked[0]} if len(linked) == 1 else entry


def _described(name: str, entry: Any) -> dict[str, Any]:
    text = line_of((entry.get("description") if isinstance(entry, dict) else None) or "")[:2000]
    return {"title": title_of(name), "description": text} if text else {"title": title_of(name)}


def _value_type(entry: Any) -> str:
    return str(entry.get("valueType", "BOOLEAN")).upper() if isinstance(entry, dict) else "BOOLEAN"


def _package(
    into: Import,
    names: Mapping[str, str],
    declared: tuple[Mapping[str, Any], Mapping[str, Any]],
    name: str,
    plan: Any,
) -> None:
    features: list[str] = []
    limits: dict[str, Any] = {}
    for entries, section in zip(declared, ("features", "usageLimits"), strict=True):
        stated = mapping_in(plan, section)
        for each, entry in entries.items():
            value = _value(entry, stated.get(each))
            _grant(into, f"{name}, {each}", names[each], (entry, value), (features, limits))
    sound = {key: cap for key, cap in limits.items() if _is_on(into.limits[key], features)}
    title = name.replace("_", " ").title() if name.isupper() else title_of(name)
    document: dict[str, Any] = {"title": title[:120]}
    if text := line_of((plan.get("description") if isinstance(plan, dict) else None) or "")[:2000]:
        document["description"] = text
    document |= {"features": features, "limits": sound, **UNSTATED_CAPS}
    into.packages[key_of(name, into.packages)] = {key: each for key, each in document.items() if each}


def _is_on(limit: Mapping[str, Any], features: list[str]) -> bool:
    return "feature" not in limit or limit["feature"] in features


def _value(entry: Any, stated: Any) -> Any:
    """Return the plan's own value, or the default."""
    if isinstance(stated, dict) and "value" in stated:
        return stated["value"]
    return entry.get("defaultValue") if isinstance(entry, dict) else None


def _grant(
    into: Import, where: str, key: str, given: tuple[Any, Any], granted: tuple[list[str], dict[str, Any]]
) -> None:
    (entry, value), (features, limits) = given, granted
    kind = _value_type(entry)
    if kind == "NUMERIC":
        amount = None if value is None else quantity_of(value, where, into)
        if amount is not None:
            limits[key] = amount
        if key in into.features and amount:
            features.append(key)
    elif value:
        features.append(key)
        if value is not True:
            into.remark(f"{where}: the text {line_of(value)[:60]!r} was left out; the feature is on.")
