"""Words of the catalog that nobody uses, and features that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.terms import AI_CREDITS
from reconciler.validation.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import Definition, DesiredPackage


def unused_problems(sold: Iterable[DesiredPackage], catalog: Catalog) -> Iterator[Problem]:
    """Name features and limits that no package has; a deprecated feature is meant to end so."""
    contents = [package.definition for package in sold]
    features = {key for content in contents for key in content.features}
    limits = {key for content in contents for key in content.limits}
    for key, feature in catalog.features.items():
        if key not in features and not feature.deprecated:
            message = f"no package has the feature `{key}`"
            fix = "put it into a package, or mark it as deprecated"
            yield Problem(("features", key), "unused-feature", message, fix, at_key=True)
    for key in catalog.limits.keys() - limits:
        message = f"no package has the limit `{key}`"
        yield Problem(
            ("limits", key), "unused-limit", message, "cap it in a package, or take it out", at_key=True
        )


def idle_feature_problems(content: Definition, catalog: Catalog) -> Iterator[Problem]:
    """Name the first AI feature of a package that has no AI credits to use it with."""
    if AI_CREDITS.key in content.caps:
        return
    ai = [key for key in content.features if key in catalog.features and catalog.features[key].ai]
    if ai:
        message = f"`{ai[0]}` draws on AI credits, and this package has none"
        yield Problem(
            ("features",), "ai-feature-without-credits", message, f"set {AI_CREDITS.key}", at_key=True
        )
