"""What a package means against the catalog, and packages beside one another."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.emails import fault_of, normal_email
from reconciler.model.secrets import without_secrets
from reconciler.model.terms import AI_CREDITS
from reconciler.validation.acknowledgements import acknowledgement_problems
from reconciler.validation.problems import Problem
from reconciler.validation.titles import repeated_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.packages import DesiredPackage
    from reconciler.validation.vocabulary import Vocabulary

_OPENING: Final = frozenset("\u201c\u201e\u00ab\u2039\u2018\u201a\u201d\u00bb")
_CLOSING: Final = frozenset("\u201d\u201c\u00bb\u203a\u2019\u2018\u00ab")
"""Typographic quotation marks, in the order of any language."""
_ADDRESS: Final = re.compile(r"[^\s<>()\[\],;:*@]+@[^\s<>()\[\],;:@]+\.[^\s<>()\[\],;:@]+")


def package_problems(
    key: str, document: Mapping[str, Any], vocabulary: Vocabulary | None, today: date
) -> Iterator[Problem]:
    """Judge a schema-valid package document; without a catalog, only what does not need one."""
    if vocabulary is not None:
        on = set(document.get("features", ()))
        if not on <= vocabulary.features:
            yield from _unknown_features(document, on, vocabulary)
        if vocabulary.is_notable(on):
            yield from _notable_features(document, on, vocabulary)
        if "limits" in document:
            yield from _limit_problems(document["limits"], on, vocabulary)
        if document.get(AI_CREDITS.key) and on.isdisjoint(vocabulary.ai) and on <= vocabulary.features:
            yield _idle_credits(vocabulary)
    yield from _quotes(document)
    if document.get("allowed_emails", "any") != "any":
        yield from _email_problems(document["allowed_emails"])
    if key in old_keys(document):
        message = "`renamed_from` names the package itself"
        yield Problem(("renamed_from",), "bad-rename", message, "name the key that it had before")
    if "rollout" in document:
        yield from _rollout_problems(document["rollout"])
    if "acknowledge" in document:
        catalog = vocabulary.catalog if vocabulary is not None else None
        yield from acknowledgement_problems(key, document, catalog, today)


def old_keys(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys that a package says it had before, the latest first."""
    stated = document.get("renamed_from", ())
    return (stated,) if isinstance(stated, str) else tuple(stated)


def _quotes(document: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("title", "description"):
        text = document.get(name, "").strip()
        if text[:1] in _OPENING and text[-1:] in _CLOSING:
            message = f"the quotes around `{name}` become part of the text"
            yield Problem((name,), "quotes-in-text", message, "take them out: a text needs none")


def _rollout_problems(rollout: Mapping[str, Any]) -> Iterator[Problem]:
    if "every" in rollout and "per_run" not in rollout:
        message = "`every` keeps steps apart, and without `per_run` all clients move at once"
        fix = "say with `per_run` how many move in one step, or take `every` out"
        yield Problem(("rollout", "every"), "rollout-without-steps", message, fix, at_key=True)
    if "not_before" in rollout and not _is_day(rollout["not_before"]):
        message = f"there is no day {rollout['not_before']}"
        yield Problem(("rollout", "not_before"), "bad-date", message, "write a day that exists")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unknown_features(document: Mapping[str, Any], on: set[str], vocabulary: Vocabulary) -> Iterator[Problem]:
    known = vocabulary.features
    for key in sorted(on - known):
        message = f"the catalog has no feature `{key}`"
        fix = vocabulary.feature_meant(key) or "declare it in the catalog, or take it out"
        yield Problem(("features", document["features"].index(key)), "unknown-feature", message, fix)


def _notable_features(document: Mapping[str, Any], on: set[str], vocabulary: Vocabulary) -> Iterator[Problem]:
    for index, key in enumerate(document["features"]):
        feature = vocabulary.catalog.features.get(key)
        if feature is None:
            continue
        for needed in feature.requires:
            if needed not in on:
                message = f"`{key}` needs the feature `{needed}`"
                yield Problem(("features", index), "missing-requirement", message, f"add {needed}")
        if feature.deprecated and not document.get("archived", False):
            message = f"the feature `{key}` is deprecated"
            fix = f"use {feature.replaced_by} instead" if feature.replaced_by else ""
            yield Problem(("features", index), "deprecated-feature", message, fix)


def _limit_problems(limits: Mapping[str, Any], on: set[str], vocabulary: Vocabulary) -> Iterator[Problem]:
    known = vocabulary.catalog.limits
    for key in limits:
        limit = known.get(key)
        if limit is None:
            fix = vocabulary.limit_meant(key) or "declare it in the catalog, or take it out"
            message = f"the catalog has no limit `{key}`"
            yield Problem(("limits", key), "unknown-limit", message, fix, at_key=True)
        elif limit.feature is not None and limit.feature not in on:
            message = f"`{key}` caps the feature `{limit.feature}`, which this package does not have"
            fix = f"add {limit.feature} to the features, or take the limit out"
            yield Problem(("limits", key), "limit-without-feature", message, fix, at_key=True)


def _idle_credits(vocabulary: Vocabulary) -> Problem:
    message = "AI credits need a feature that uses them, and this package has none"
    offers = f"add an AI feature ({', '.join(sorted(vocabulary.ai)[:5])}), or " if vocabulary.ai else ""
    return Problem(
        (AI_CREDITS.key,), "ai-credits-without-ai", message, f"{offers}take the credits out", at_key=True
    )


def _email_problems(emails: list[str]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, email in enumerate(emails):
        address = normal_email(email)
        fault = "A star stands for nothing here" if address.startswith("*") else fault_of(address)
        if fault:
            message = f"`{without_secrets(address)[:100]}` is no e-mail address: {fault[:200]}"
            yield Problem(("allowed_emails", index), "bad-email", message, _address_meant(address))
        first = seen.setdefault(address, index)
        if first != index:
            message = f"`{address}` is item {first + 1} already"
            yield Problem(("allowed_emails", index), "duplicate-email", message, "keep one of them")


def _address_meant(text: str) -> str:
    """Return what to write instead of an address that cannot be, or an empty string."""
    addresses = _ADDRESS.findall(text)
    if text == "any":
        return "`any` stands alone, not in a list: `allowed_emails: any`"
    if len(addresses) > 1:
        return "make each address an item of its own"
    if addresses and addresses != [text]:
        return f"write {addresses[0]}"
    return "" if "@" in text.lstrip("@*") else "list whole addresses; a domain cannot be allowed"


def collection_problems(packages: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    """Judge all packages together; yields the key of the package concerned with each problem."""
    titles = {key: package.stated.title for key, package in packages.items() if not package.archived}
    for key, first in repeated_titles(titles):
        message = f"{packages[first].file} has the title `{titles[key]}` already"
        yield key, Problem(("title",), "duplicate-title", message, "choose another title")
    yield from _rename_problems(packages)


def _rename_problems(packages: Mapping[str, DesiredPackage]) -> Iterator[tuple[str, Problem]]:
    heirs: dict[str, str] = {}
    for key, package in packages.items():
        for old in package.renamed_from:
            if old == key:
                continue
            if old in packages:
                message = f"`{old}` has its own file, {packages[old].file}"
                fix = "delete that file, or take `renamed_from` out"
                yield key, Problem(("renamed_from",), "rename-source-exists", message, fix)
            first = heirs.setdefault(old, key)
            if first != key:
                message = f"{packages[first].file} is renamed from `{old}` already"
                yield key, Problem(("renamed_from",), "duplicate-rename", message, "keep one of them")
