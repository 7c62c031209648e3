"""Whether each acknowledgement speaks of a loss that can happen now."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from reconciler.model.quantities import UNLIMITED
from reconciler.model.terms import CAPS, LOSS_VERBS, Term
from reconciler.validation.problems import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.model.terms import LossVerb
    from reconciler.validation.problems import Path


def loss_of(entry: Mapping[str, Any]) -> tuple[LossVerb, Term]:
    """Return the verb and what it names, of a schema-valid entry."""
    verb = next(verb for verb in LOSS_VERBS if verb in entry)
    return verb, Term.named(entry[verb])


def is_unused(
    key: str, entry: Mapping[str, Any], document: Mapping[str, Any], catalog: Catalog | None
) -> bool:
    """Whether the loss that an entry acknowledges cannot be, given the package's document."""
    verb, term = loss_of(entry)
    return bool(_why_unused(verb, term, key, document, catalog))


def acknowledgement_problems(
    key: str, document: Mapping[str, Any], catalog: Catalog | None, today: date
) -> Iterator[Problem]:
    """Judge the `acknowledge` list of a schema-valid package document."""
    seen: set[tuple[str, Term]] = set()
    for index, entry in enumerate(document["acknowledge"]):
        verb, term = loss_of(entry)
        path = ("acknowledge", index, verb)
        if verb == "removes" and is_shared(term, catalog):
            yield _unclear(path, term)
        elif why := _why_unused(verb, term, key, document, catalog):
            yield Problem(path, "acknowledgement-unused", why, "delete the entry until the loss is proposed")
        elif verb == "removes" and catalog is not None:
            yield from _unknown_term(path, term, catalog)
        if (verb, _resolved(verb, term, catalog)) in seen:
            message = f"`{verb}: {term}` is acknowledged already"
            yield Problem(path, "acknowledgement-repeated", message, "keep one of them")
        seen.add((verb, _resolved(verb, term, catalog)))
        yield from _date_problems(index, entry["until"], today)


def is_shared(term: Term, catalog: Catalog | None) -> bool:
    """Whether a feature and a limit have the key, so that an entry must say which it means."""
    is_both = catalog is not None and term.key in catalog.features and term.key in catalog.limits
    return is_both and not term.section


def _unclear(path: Path, term: Term) -> Problem:
    message = f"`{term}` is a feature and a limit, and the entry does not say which of them goes"
    return Problem(
        path, "acknowledgement-ambiguous", message, f"write features/{term.key} or limits/{term.key}"
    )


def _resolved(verb: LossVerb, term: Term, catalog: Catalog | None) -> Term:
    """Return the term with the section that only it can have."""
    if verb == "lowers" and term.section == "limits":
        return Term("", term.key)
    if verb != "removes" or term.section or catalog is None:
        return term
    return Term("features" if term.key in catalog.features else "limits", term.key)


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


def _unknown_term(path: Path, term: Term, catalog: Catalog) -> Iterator[Problem]:
    known = {"features": catalog.features.keys(), "limits": catalog.limits.keys()}.get(
        term.section, catalog.features.keys() | catalog.limits.keys()
    )
    if term.key not in known:
        which = {"features": "feature", "limits": "limit"}.get(term.section, "feature or limit")
        message = f"the catalog has no {which} `{term.key}`"
        yield Problem(path, "acknowledgement-unknown", message, did_you_mean(term.key, sorted(known)))


def _why_unused(
    verb: LossVerb, term: Term, key: str, document: Mapping[str, Any], catalog: Catalog | None
) -> str:
    """Say why the loss cannot be; an empty string where it can."""
    match verb:
        case "removes":
            return f"the package still has `{term}`" if _still_has(term, document, catalog) else ""
        case "lowers":
            return _why_not_lowered(term, document)
        case "shortens" | "ends":
            return "" if "expiry" in document else "the package never expires"
        case "narrows":
            is_open = document.get("allowed_emails", "any") == "any"
            return "the package is open to every client" if is_open else ""
        case "archives" if term.key != key:
            return f"this file is the package `{key}`, not `{term}`"
        case "archives":
            return "" if document.get("archived", False) else "the package is not archived"


def _still_has(term: Term, document: Mapping[str, Any], catalog: Catalog | None) -> bool:
    """Whether nothing of that name can have been removed."""
    if term.section:
        return term.key in document.get(term.section, ())
    is_feature, is_limit = term.key in document.get("features", ()), term.key in document.get("limits", ())
    if catalog is None or is_feature == is_limit:
        return is_feature or is_limit
    return term.key not in (catalog.limits if is_feature else catalog.features)


def _why_not_lowered(term: Term, document: Mapping[str, Any]) -> str:
    if term.section == "features":
        return "a feature has no amount that could be lowered"
    limits = document.get("limits", {})
    if term.key not in limits and (term.section or term.key not in CAPS):
        return f"the package has no limit `{term.key}`; one that is gone is acknowledged by `removes`"
    value = document.get(term.key, limits.get(term.key))
    return f"`{term.key}` is unlimited, so that nothing was lowered" if value == UNLIMITED else ""
