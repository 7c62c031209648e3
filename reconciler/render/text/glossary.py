"""Titles and units for keys, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.model.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.plans import Plan


@dataclass(frozen=True, slots=True)
class Glossary:
    """What keys mean. A key that nothing is known about stands for itself.

    Attributes:
        packages: Title per package key.
        gone: Titles of what the catalog no longer has, per JSON Pointer.
    """

    catalog: Catalog = field(default_factory=Catalog)
    packages: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)

    def beside(self, plan: Plan) -> Glossary:
        """Return the glossary with the titles that the plan itself states."""
        gone = {change.path: title for change in plan.catalog.fields if (title := _title(change))}
        stated = {
            change.key: str(each.after or each.before)
            for change in plan.changes
            for each in change.fields
            if each.path == "/title"
        }
        return Glossary(self.catalog, {**stated, **self.packages}, gone)

    def feature(self, key: str) -> str:
        """Return the feature's title and key."""
        known = self.catalog.features.get(key)
        return _named(known.title if known else self.gone.get(f"/features/{key}"), key)

    def limit(self, key: str) -> str:
        """Return the limit's title and key."""
        known = self.catalog.limits.get(key)
        return _named(known.title if known else self.gone.get(f"/limits/{key}"), key)

    def short_feature(self, key: str) -> str:
        """Return the feature's title alone, for enumerations."""
        known = self.catalog.features.get(key)
        return known.title if known else self.gone.get(f"/features/{key}", key)

    def short_limit(self, key: str) -> str:
        """Return the limit's title alone, for enumerations."""
        known = self.catalog.limits.get(key)
        return known.title if known else self.gone.get(f"/limits/{key}", key)

    def unit(self, key: str, amount: object) -> str:
        """Return what the limit counts, after an amount: ` sessions per cycle`; empty where unknown."""
        known = self.catalog.limits.get(key)
        if known is None:
            return ""
        unit = _inflected(known.unit, amount)
        return (f" {unit}" if unit else "") + (" per cycle" if known.per else "")


def _title(change: Any) -> str:
    for side in (change.after, change.before):
        if isinstance(side, dict) and isinstance(side.get("title"), str):
            return str(side["title"])
    return ""


def _named(title: str | None, key: str) -> str:
    return f"{title} ({key})" if title and title != key else key


def _inflected(unit: str, amount: object) -> str:
    """Return the plural of units that are words; abbreviations such as MB stay as they are."""
    return f"{unit}s" if unit and unit.islower() and amount != 1 and not unit.endswith("s") else unit
