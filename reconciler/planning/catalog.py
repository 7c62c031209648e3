"""What the catalog gains, loses or describes differently; doing that to a catalog; what packages need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.catalog import Catalog
from reconciler.model.plans import CatalogChange, CatalogFieldChange
from reconciler.model.terms import CAPS, Term, pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.packages import Definition


def catalog_change(desired: Catalog | None, live: Catalog | None) -> CatalogChange:
    """Return the features and limits that the catalog gains, loses or describes differently."""
    if desired is None or desired == live:
        return CatalogChange(from_digest=live.digest if live else None)
    before, after = (live or Catalog()).as_document(), desired.as_document()
    fields = [
        CatalogFieldChange(
            path=pointer(section, key), before=before[section].get(key), after=after[section].get(key)
        )
        for section in ("features", "limits")
        for key in sorted(before[section].keys() | after[section].keys())
        if before[section].get(key) != after[section].get(key)
    ]
    return CatalogChange(fields=tuple(fields), from_digest=live.digest if live else None)


def with_terms(live: Catalog | None, terms: Iterable[tuple[str, Any]]) -> Catalog:
    """Return the catalog with these terms, by path, as given: None takes one out; the others stay."""
    document = (live or Catalog()).as_document()
    for path, content in terms:
        section, key = Term.at(path)
        document[section].pop(key, None)
        if content is not None:
            document[section][key] = content
    return Catalog.normalised(document)


def sides_of(change: CatalogChange) -> tuple[Catalog, Catalog]:
    """Return the terms that change, as they are and as they will be, each as a catalog of them alone."""
    before = with_terms(None, ((each.path, each.before) for each in change.fields))
    return before, with_terms(None, ((each.path, each.after) for each in change.fields))


def moved_terms(change: CatalogChange, live: Catalog | None) -> Iterator[str]:
    """Yield the paths of the terms that are not as they were when the change was worked out."""
    document = (live or Catalog()).as_document()
    for each in change.fields:
        section, key = Term.at(each.path)
        if document[section].get(key) != each.before:
            yield each.path


def unmet(definition: Definition, catalog: Catalog) -> Iterator[str]:
    """Name what a package needs and the catalog does not offer."""
    yield from (f"the feature `{key}`" for key in definition.features if key not in catalog.features)
    yield from (f"the limit `{key}`" for key in definition.limits if key not in catalog.limits)
    known = (catalog.features[key] for key in definition.features if key in catalog.features)
    if any(CAPS[key].beside == "ai" for key in definition.caps) and not any(each.ai for each in known):
        yield "an AI feature"
