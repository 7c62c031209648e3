"""Whether each tier includes what those below it do."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS
from reconciler.validation.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.packages import Definition, DesiredPackage

_CONFIG: Final = "reconciler.yaml"


def tier_problems(
    sold: Mapping[str, DesiredPackage], packages: Mapping[str, DesiredPackage], tiers: Sequence[str]
) -> Iterator[tuple[str, Problem]]:
    """Compare neighbours in the ladder; tiers that are archived are stepped over."""
    for index, key in enumerate(tiers):
        if key not in packages:
            message = f"no file has the tier `{key}`"
            yield _CONFIG, Problem(("tiers", index), "unknown-tier", message, did_you_mean(key, packages))
    for lower, upper in pairwise(key for key in tiers if key in sold):
        for problem in _lost(lower, sold[lower].definition, sold[upper].definition):
            yield sold[upper].file, problem


def _lost(key: str, lower: Definition, upper: Definition) -> Iterator[Problem]:
    for feature in lower.features:
        if feature not in upper.features:
            message = f"the tier below, `{key}`, has the feature `{feature}`, and this one has not"
            yield Problem(("features",), "tier-not-including", message, f"add {feature}", at_key=True)
    for each, below in lower.amounts.items():
        here, path = upper.amounts.get(each), (each,) if each in CAPS else ("limits", each)
        if magnitude(here) < magnitude(below):
            has = "none" if here is None else here
            message = f"the tier below, `{key}`, has {below} of `{each}`, and this one {has}"
            yield Problem(path, "tier-not-including", message, f"grant at least {below}", at_key=True)
