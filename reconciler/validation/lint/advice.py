"""All advice about a repository's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.catalog import Catalog
from reconciler.validation.lint.descriptions import description_problems, subjects
from reconciler.validation.lint.likeness import alike_problems
from reconciler.validation.lint.tiers import tier_problems
from reconciler.validation.lint.vocabulary import idle_feature_problems, unused_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.packages import DesiredPackage
    from reconciler.model.settings import Settings
    from reconciler.validation.problems import Problem


def lint_problems(
    packages: Mapping[str, DesiredPackage], catalog: Catalog | None, settings: Settings
) -> Iterator[tuple[str, Problem]]:
    """Yield problems with the file each is about, in no particular order."""
    sold = {key: package for key, package in packages.items() if not package.archived}
    known = catalog or Catalog()
    names = subjects(known)
    yield from tier_problems(sold, packages, settings.tiers)
    yield from alike_problems(sold)
    for package in sold.values():
        yield from ((package.file, each) for each in description_problems(package.definition, names))
        yield from ((package.file, each) for each in idle_feature_problems(package.definition, known))
    if catalog is not None and sold:
        yield from ((settings.catalog, each) for each in unused_problems(sold.values(), catalog))
