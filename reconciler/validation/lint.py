"""Advice about files that are valid: what somebody probably did not mean.

All of it warns, and the configuration can turn each rule off with a reason. Archived packages are left alone:
nobody is sold them.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from reconciler.model.catalog import Catalog
from reconciler.model.quantities import magnitude
from reconciler.model.terms import AI_CREDITS, CAPS
from reconciler.validation.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.packages import Definition, DesiredPackage
    from reconciler.model.quantities import Quantity
    from reconciler.model.settings import Settings

_AMOUNT: Final = re.compile(
    r"(?<![\w.,])([0-9]{1,3}(?:[,' ][0-9]{3})+|[0-9]+)(?![\w.,]*[0-9])\s*-?\s*((?:[^\W\d_]+[ -]?){1,3})"
)
_TIMES: Final = frozenset(("day", "week", "month", "year"))
_CONFIG: Final = "reconciler.yaml"


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


def subjects(catalog: Catalog) -> Mapping[str, str]:
    """Return the key of what is meant per name in the singular; a name that two limits share is left out."""
    names: dict[str, str] = {}
    shared: set[str] = set()
    for key, limit in catalog.limits.items():
        for name in {_name(limit.title), _name(limit.unit), _name(key.replace("_", " "))} - {""}:
            shared |= {name} & names.keys()
            names[name] = key
    of_caps = {name: key for key, cap in CAPS.items() for name in cap.names}
    return {**of_caps, **{name: names[name] for name in names.keys() - shared}}


def description_problems(content: Definition, known: Mapping[str, str]) -> Iterator[Problem]:
    """Compare each amount with what the package grants of the thing that is named right after it.

    Args:
        content: The package.
        known: What `subjects` returns.
    """
    for match in _AMOUNT.finditer(content.description):
        amount = int(re.sub(r"\D", "", match[1]))
        words = [_singular(word) for word in re.split(r"[ -]+", match[2].lower()) if word]
        said = f"{match[1]} {match[2].strip()}"
        if words[0] in _TIMES:
            yield from _time_problems(content, said, amount, words[0])
            continue
        things = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        if subject := next((known[thing] for thing in things if thing in known), None):
            yield from _problems(said, amount, subject, content.amounts.get(subject))


def _name(text: str) -> str:
    return " ".join(_singular(word) for word in text.lower().split())


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _problems(said: str, amount: int, key: str, has: Quantity | None) -> Iterator[Problem]:
    if has != amount:
        grants = "none" if has is None else has
        message = f"the description says `{said}`, and the package grants {grants} of `{key}`"
        yield Problem(("description",), "description-differs", message, "let both say the same")


def _time_problems(content: Definition, said: str, amount: int, unit: str) -> Iterator[Problem]:
    """Compare with the expiry, where there is one in the same unit."""
    if content.expiry is None:
        return
    number, _, stated = str(content.expiry).partition(" ")
    days = amount * {"day": 1, "week": 7}.get(unit, 0)
    is_same = (
        content.expiry.amount == days if content.expiry.unit == "days" and days else int(number) == amount
    )
    if _singular(stated) == unit and not is_same:
        message = f"the description says `{said}`, and a subscription expires after {content.expiry}"
        yield Problem(("description",), "description-differs", message, "let both say the same")


def alike_problems(sold: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    """Name each package that grants exactly what an earlier one does to the same clients."""
    first: dict[object, str] = {}
    for key, package in sold.items():
        content = package.definition
        granted = (
            content.features,
            tuple(content.amounts.items()),
            content.expiry,
            content.allowed_emails,
        )
        earlier = first.setdefault(granted, key)
        if earlier != key:
            message = f"it grants exactly what `{earlier}` does"
            yield (
                package.file,
                Problem(("title",), "alike-packages", message, "let them differ, or archive one"),
            )


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
