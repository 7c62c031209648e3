"""Autumn: features and plans as its API and command line give them, older `products` included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import InvalidError
from reconciler.sources.imports.amounts import UNSTATED_CAPS, quantity_of
from reconciler.sources.imports.bounded import first_of, foreign_json, listing_in
from reconciler.sources.imports.imported import Import
from reconciler.sources.imports.names import key_of, line_of, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_CYCLES: Final = frozenset(("month", "quarter", "semi_annual", "year"))
_ONCE: Final = frozenset((None, "one_off", "lifetime"))
_ON_OFF: Final = frozenset(("boolean", "static"))


def from_autumn(content: bytes) -> Import:
    """Return catalog and packages; raises `InvalidError` where the file cannot be read."""
    document = foreign_json(content)
    into = Import()
    plans = _listing(into, "the file", document, "plans", "products", "list")
    if not plans and isinstance(document, list):
        plans = [each for each in document if isinstance(each, dict)]
    if not plans:
        raise InvalidError(
            "the file holds neither `plans` nor `products`",
            hint="Give what `atmn pull` or the API returns as JSON.",
        )
    kinds: dict[str, str] = {}
    for feature in _listing(into, "the file", document, "features"):
        _declare(into, kinds, feature)
    for plan in plans:
        _package(into, kinds, plan)
    return into


def _listing(into: Import, where: str, document: Any, *keys: str) -> list[dict[str, Any]]:
    """Return the mappings of a list, and tell what else it holds."""
    inner = first_of(document, *keys) if isinstance(document, dict) else None
    others = [each for each in inner if not isinstance(each, dict)] if isinstance(inner, list) else []
    for each in others:
        into.remark(f"{where}: {line_of(each)[:60]!r} is no mapping; it was left out.")
    return listing_in(document, *keys)


def _declare(into: Import, kinds: dict[str, str], feature: Mapping[str, Any]) -> str:
    name = line_of(feature.get("id", ""))
    key = key_of(name)
    kinds[name] = kind = str(feature.get("type", ""))
    title = line_of(feature.get("name") or title_of(name))[:120]
    if kind in _ON_OFF:
        into.features[key] = {"title": title}
        return key
    into.limits[key] = {"title": title}
    if kind == "credit_system":
        into.remark(f"{name}: a credit system became a limit; what each use costs was left out.")
    return key


def _package(into: Import, kinds: dict[str, str], plan: Mapping[str, Any]) -> None:
    name = line_of(plan.get("id") or plan.get("name") or "unnamed")
    if first_of(dict(plan), "addOn", "add_on", "is_add_on"):
        into.remark(f"{name}: an add-on is no package; it was left out.")
        return
    features: list[str] = []
    limits: dict[str, Any] = {}
    if plan.get("price"):
        into.remark("Prices were left out: a package has none.")
    for item in _listing(into, name, plan, "items", "features"):
        _grant(into, kinds, name, item, (features, limits))
    document: dict[str, Any] = {"title": line_of(plan.get("name") or title_of(name))[:120]}
    if text := line_of(plan.get("description") or "")[:2000]:
        document["description"] = text
    document |= {"features": features, "limits": limits, **UNSTATED_CAPS}
    document["archived"] = bool(plan.get("archived"))
    if first_of(dict(plan), "freeTrial", "free_trial"):
        into.remark(f"{name}: a free trial before paying is no expiry; it was left out.")
    into.packages[key_of(name, into.packages)] = {key: each for key, each in document.items() if each}


def _grant(
    into: Import,
    kinds: dict[str, str],
    plan: str,
    item: dict[str, Any],
    granted: tuple[list[str], dict[str, Any]],
) -> None:
    features, limits = granted
    name = line_of(first_of(item, "featureId", "feature_id") or "")
    if not name:
        into.remark("Prices were left out: a package has none.")
        return
    amount = first_of(item, "included", "granted", "included_usage")
    if name not in kinds:
        is_metered = amount is not None or item.get("unlimited")
        _declare(into, kinds, {"id": name, "type": "metered" if is_metered else "boolean"})
        into.remark(f"{name}: no feature of this name is declared; it was added.")
    key = key_of(name)
    if key in features or key in limits:
        into.remark(f"{plan}, {name}: it is granted twice; the first counts.")
        return
    if kinds[name] in _ON_OFF:
        features.append(key)
        return
    given = "unlimited" if item.get("unlimited") else 0 if amount is None else amount
    quantity = quantity_of(given, f"{plan}, {name}", into)
    if quantity is not None:
        limits[key] = quantity
    _note_reset(into, name, key, item)
    if item.get("price"):
        into.remark(f"{plan}, {name}: what is paid for beyond the included amount was left out.")


def _note_reset(into: Import, name: str, key: str, item: dict[str, Any]) -> None:
    reset = item.get("reset")
    interval = reset.get("interval") if isinstance(reset, dict) else item.get("interval")
    if interval in _CYCLES:
        into.limits[key]["per"] = "cycle"
    elif interval not in _ONCE:
        into.remark(f"{name}: a reset every {line_of(interval)} is no billing cycle; it was left out.")
