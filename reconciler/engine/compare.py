"""Compare: the matrix of packages and what they grant, for price pages and sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.comparison import Column, Comparison, Row, Section
from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS, USERS
from reconciler.sources.catalog_file import written_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.catalog import Limit
    from reconciler.model.comparison import Cell
    from reconciler.model.packages import Definition, DesiredPackage
    from reconciler.sources.workspace import Workspace


def compare(workspace: Workspace, keys: Sequence[str] = ()) -> Comparison:
    """Return the matrix of the named packages in that order.

    Where none is named: all that are not archived and that any client may have, the tiers first in their
    order, the others from the smaller to the larger. Features and limits come in the order that the catalog's
    file has them in.

    Raises:
        WrongUsageError: There is no such package.
    """
    packages = [_named(workspace, key) for key in keys] or _public(workspace)
    contents = [package.definition for package in packages]
    columns = (Column(each.key, each.definition.title, each.definition.description) for each in packages)
    sections = _sections(contents, _as_written(workspace))
    return Comparison(tuple(columns), tuple(section for section in sections if section.rows))


def _as_written(workspace: Workspace) -> Catalog:
    catalog, path = workspace.catalog or Catalog(), workspace.settings.catalog
    features = written_order(workspace.root, path, "features")
    limits = written_order(workspace.root, path, "limits")
    return Catalog(
        features={key: catalog.features[key] for key in features if key in catalog.features},
        limits={key: catalog.limits[key] for key in limits if key in catalog.limits},
    )


def _named(workspace: Workspace, key: str) -> DesiredPackage:
    if key not in workspace.packages:
        known = ", ".join(workspace.packages) or "none"
        raise WrongUsageError(f"There is no package {key!r}.", hint=f"The files have: {known}.")
    return workspace.packages[key]


def _public(workspace: Workspace) -> list[DesiredPackage]:
    order = {key: number for number, key in enumerate(workspace.settings.tiers)}
    packages = workspace.packages.values()
    shown = (each for each in packages if not each.archived and each.definition.allowed_emails is None)
    return sorted(
        shown, key=lambda each: (order.get(each.key, len(order)), *_size(each.definition), each.key)
    )


def _size(content: Definition) -> tuple[int, float]:
    return len(content.features), magnitude(content.caps.get(USERS.key))


def _sections(contents: Sequence[Definition], catalog: Catalog) -> Iterator[Section]:
    yield Section("Features", tuple(_features(contents, catalog)))
    yield Section("Limits", tuple(_limits(contents, catalog)))
    yield Section("Terms", tuple(_terms(contents)))


def _features(contents: Sequence[Definition], catalog: Catalog) -> Iterator[Row]:
    for key in _known(catalog.features, (content.features for content in contents)):
        title = catalog.features[key].title if key in catalog.features else key
        yield Row(key, title, tuple(key in content.features for content in contents))


def _limits(contents: Sequence[Definition], catalog: Catalog) -> Iterator[Row]:
    for key in _known(catalog.limits, (content.limits for content in contents)):
        limit = catalog.limits.get(key)
        cells = tuple(content.limits.get(key) for content in contents)
        yield Row(key, limit.title if limit else key, cells, _note(limit))


def _known(declared: Iterable[str], used: Iterable[Iterable[str]]) -> list[str]:
    """Return what is used, in the order of the catalog; what that does not declare follows."""
    found = {key for keys in used for key in keys}
    return [*(key for key in declared if key in found), *sorted(found.difference(declared))]


def _note(limit: Limit | None) -> str:
    if limit is None:
        return ""
    return " ".join(part for part in (limit.unit, "per cycle" if limit.per else "") if part)


def _terms(contents: Sequence[Definition]) -> Iterator[Row]:
    for key, cap in CAPS.items():
        if cap.is_always_granted or any(key in content.caps for content in contents):
            granted = tuple(content.caps.get(key) for content in contents)
            yield Row(key, cap.title, granted, "per cycle" if cap.per else "")
    expiries: tuple[Cell, ...] = tuple(str(each.expiry) if each.expiry else "never" for each in contents)
    if any(each.expiry for each in contents):
        yield Row("expiry", "Expires after", expiries)
