"""What one package means, against the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.packages import normal_email
from reconciler.validation.acknowledgements import acknowledgement_problems
from reconciler.validation.emails import fault_of
from reconciler.validation.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from reconciler.model.catalog import Catalog, Feature


def package_problems(
    key: str, document: Mapping[str, Any], catalog: Catalog | None, today: date
) -> Iterator[Problem]:
    """Judge a schema-valid package document; without a catalog, only what does not need one."""
    if catalog is not None:
        yield from _feature_problems(document, catalog)
        yield from _limit_problems(document, catalog)
        yield from _credit_problems(document, catalog)
    if document.get("allowed_emails", "any") != "any":
        yield from _email_problems(document["allowed_emails"])
    if document.get("renamed_from") == key:
        message = "`renamed_from` names the package itself"
        yield Problem(("renamed_from",), "bad-rename", message, "name the key that it had before")
    if "acknowledge" in document:
        yield from acknowledgement_problems(key, document, catalog, today)


def _feature_problems(document: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    on = set(document.get("features", ()))
    for index, key in enumerate(document.get("features", ())):
        feature = catalog.features.get(key)
        if feature is None:
            message = f"the catalog has no feature `{key}`"
            fix = did_you_mean(key, catalog.features) or "declare it in the catalog, or take it out"
            yield Problem(("features", index), "unknown-feature", message, fix)
            continue
        for needed in feature.requires:
            if needed not in on:
                message = f"`{key}` needs the feature `{needed}`"
                yield Problem(("features", index), "missing-requirement", message, f"add {needed}")
        if feature.deprecated and not document.get("archived", False):
            yield _deprecated(index, key, feature)


def _deprecated(index: int, key: str, feature: Feature) -> Problem:
    fix = f"use {feature.replaced_by} instead" if feature.replaced_by else ""
    return Problem(("features", index), "deprecated-feature", f"the feature `{key}` is deprecated", fix)


def _limit_problems(document: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    on = set(document.get("features", ()))
    for key in document.get("limits", ()):
        limit = catalog.limits.get(key)
        if limit is None:
            fix = did_you_mean(key, catalog.limits) or "declare it in the catalog, or take it out"
            message = f"the catalog has no limit `{key}`"
            yield Problem(("limits", key), "unknown-limit", message, fix, at_key=True)
        elif limit.feature is not None and limit.feature not in on:
            message = f"`{key}` caps the feature `{limit.feature}`, which this package does not have"
            fix = f"add {limit.feature} to the features, or take the limit out"
            yield Problem(("limits", key), "limit-without-feature", message, fix, at_key=True)


def _credit_problems(document: Mapping[str, Any], catalog: Catalog) -> Iterator[Problem]:
    if not document.get("ai_credits"):
        return
    known = catalog.features
    if not any(known[key].ai for key in document.get("features", ()) if key in known):
        ai_features = [key for key, feature in known.items() if feature.ai][:5]
        fix = f"add an AI feature ({', '.join(ai_features)}), or take the credits out"
        message = "AI credits need a feature that uses them, and this package has none"
        yield Problem(("ai_credits",), "ai-credits-without-ai", message, fix, at_key=True)


def _email_problems(emails: list[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, email in enumerate(emails):
        address = normal_email(email)
        if fault := fault_of(address):
            message = f"`{address[:100]}` is no e-mail address: {fault[:200]}"
            yield Problem(("allowed_emails", index), "bad-email", message)
        first = seen.setdefault(address, index)
        if first != index:
            message = f"`{address}` is item {first + 1} already"
            yield Problem(("allowed_emails", index), "duplicate-email", message, "keep one of them")
