"""Whether each acknowledgement speaks of a loss that can happen now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.model.quantities import UNLIMITED
from reconciler.model.terms import CAPS, LOSS_VERBS
from reconciler.validation.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.validation.problems import Path


def loss_of(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Return the verb and the subject of a schema-valid entry."""
    verb = next(verb for verb in LOSS_VERBS if verb in entry)
    return verb, entry[verb]


def is_unused(
    key: str, entry: Mapping[str, Any], document: Mapping[str, Any], catalog: Catalog | None
) -> bool:
    """Whether the loss that an entry acknowledges cannot be, given the package's document."""
    verb, subject = loss_of(entry)
    return bool(_why_unused(verb, subject, key, document, catalog))


def acknowledgement_problems(
    key: str, document: Mapping[str, Any], catalog: Catalog | None, today: date
) -> Iterator[Problem]:
    """Judge the `acknowledge` list of a schema-valid package document."""
    seen: set[tuple[str, str]] = set()
    for index, entry in enumerate(document["acknowledge"]):
        verb, subject = loss_of(entry)
        path = ("acknowledge", index, verb)
        if why := _why_unused(verb, subject, key, document, catalog):
            yield Problem(path, "acknowledgement-unused", why, "delete the entry until the loss is proposed")
        elif verb == "removes" and catalog is not None:
            yield from _unknown_subject(path, subject, catalog)
        if (verb, subject) in seen:
            message = f"`{verb}: {subject}` is acknowledged already"
            yield Problem(path, "acknowledgement-repeated", message, "keep one of them")
        seen.add((verb, subject))
        yield from _date_problems(index, entry["until"], today)


def _date_problems(index: int, text: str, today: date) -> Iterator[Problem]:
    path = ("acknowledge", index, "until")
    try:
        until = date.fromisoformat(text)
    except ValueError:
        yield Problem(path, "bad-date", f"there is no day {text}", "write a date of the calendar")
        return
    if until < today:
        message = f"the acknowledgement counted until {text}, which is over"
        yield Problem(path, "acknowledgement-expired", message, "delete the entry, or set a later day")


def _unknown_subject(path: Path, subject: str, catalog: Catalog) -> Iterator[Problem]:
    if subject not in catalog.features and subject not in catalog.limits:
        message = f"the catalog has neither a feature nor a limit `{subject}`"
        fix = did_you_mean(subject, [*catalog.features, *catalog.limits])
        yield Problem(path, "acknowledgement-unknown", message, fix)


def _why_unused(
    verb: str, subject: str, key: str, document: Mapping[str, Any], catalog: Catalog | None
) -> str:
    """Say why the loss cannot be; an empty string where it can."""
    match verb:
        case "removes":
            return f"the package still has `{subject}`" if _still_has(subject, document, catalog) else ""
        case "lowers":
            return _why_not_lowered(subject, document)
        case "shortens":
            return "" if "expiry" in document else "the package never expires"
        case "narrows":
            is_open = document.get("allowed_emails", "any") == "any"
            return "the package is open to every client" if is_open else ""
        case _ if subject != key:
            return f"this file is the package `{key}`, not `{subject}`"
        case _:
            return "" if document.get("archived", False) else "the package is not archived"


def _still_has(subject: str, document: Mapping[str, Any], catalog: Catalog | None) -> bool:
    """Whether nothing of that name can have been removed; a feature and a limit may share a key."""
    is_feature, is_limit = subject in document.get("features", ()), subject in document.get("limits", ())
    if catalog is None or is_feature == is_limit:
        return is_feature or is_limit
    return subject not in (catalog.limits if is_feature else catalog.features)


def _why_not_lowered(subject: str, document: Mapping[str, Any]) -> str:
    limits = document.get("limits", {})
    if subject not in CAPS and subject not in limits:
        return f"the package has no limit `{subject}`; one that is gone is acknowledged by `removes`"
    value = document.get(subject, limits.get(subject))
    return f"`{subject}` is unlimited, so that nothing was lowered" if value == UNLIMITED else ""
