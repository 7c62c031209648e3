"""What the catalog means: references that point somewhere, and titles that can be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.terms import CAPS
from reconciler.validation.problems import Path, Problem, did_you_mean
from reconciler.validation.titles import repeated_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def catalog_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge a schema-valid catalog document."""
    features, limits = document.get("features", {}), document.get("limits", {})
    for key, feature in features.items():
        for index, needed in enumerate(feature.get("requires", ())):
            yield from _missing(("features", key, "requires", index), needed, features)
        if "replaced_by" in feature:
            yield from _missing(("features", key, "replaced_by"), feature["replaced_by"], features)
    for key, limit in limits.items():
        if "feature" in limit:
            yield from _missing(("limits", key, "feature"), limit["feature"], features)
    for kind, entries in (("features", features), ("limits", limits)):
        yield from _entry_problems(kind, entries)
    yield from _cycles(features)


def _missing(path: Path, key: str, features: Mapping[str, Any]) -> Iterator[Problem]:
    if key not in features:
        fix = did_you_mean(key, features) or "declare it under `features`"
        yield Problem(path, "unknown-feature", f"the catalog has no feature `{key}`", fix)


def _entry_problems(kind: str, entries: Mapping[str, Any]) -> Iterator[Problem]:
    for key in sorted(CAPS & entries.keys()):
        message = f"`{key}` is a key of every package"
        yield Problem((kind, key), "reserved-key", message, "choose another key", at_key=True)
    for key, first in repeated_titles({key: entry["title"] for key, entry in entries.items()}):
        message = f"`{first}` has the title `{entries[key]['title']}` already"
        yield Problem((kind, key, "title"), "duplicate-catalog-title", message, "choose another title")


def _cycles(features: Mapping[str, Any]) -> Iterator[Problem]:
    needs = {key: {*feature.get("requires", ())} & features.keys() for key, feature in features.items()}
    for key, needed in _reversed(_unpeelable(_reversed(_unpeelable(needs)))).items():
        message = (
            f"`{key}` requires itself, by way of {', '.join(f'`{other}`' for other in sorted(needed)[:5])}"
        )
        yield Problem(("features", key, "requires"), "requirement-cycle", message, "take one of them out")


def _unpeelable(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Take out what needs nothing that is left, until only cycles remain and what leads to them."""
    left = {key: set(needed) for key, needed in needs.items()}
    needed_by = _reversed(needs)
    free = [key for key, needed in left.items() if not needed]
    while free:
        done = free.pop()
        del left[done]
        for key in needed_by[done]:
            left[key].discard(done)
            if not left[key]:
                free.append(key)
    return left


def _reversed(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    needed_by: dict[str, set[str]] = {key: set() for key in needs}
    for key, needed in needs.items():
        for other in needed & needs.keys():
            needed_by[other].add(key)
    return needed_by
