"""Differences between two definitions, exact to the field."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.model.packages import canonical_json
from reconciler.model.plans import FieldChange
from reconciler.model.quantities import magnitude
from reconciler.model.terms import CAPS, Code, pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model.packages import Definition
    from reconciler.model.quantities import Quantity


def differences(
    before: Definition, after: Definition, *, email: Callable[[str], str] = str
) -> tuple[FieldChange, ...]:
    """Return what makes `after` another definition than `before`, sorted by path, worst first within one.

    Args:
        before: What is live, or held.
        after: What is desired.
        email: How an address is written into the result.
    """
    if before == after:
        return ()
    paths = _changed_paths(*(canonical_json(_comparable(side)) for side in (before, after)))
    found = [change for path in paths for change in _classified(path, before, after, email)]
    return tuple(sorted(found, key=lambda change: (change.path, change.severity.rank)))


def grants(definition: Definition, *, email: Callable[[str], str] = str) -> tuple[FieldChange, ...]:
    """Return what a new package is and switches on, as additions to nothing, sorted by path."""
    amounts = definition.amounts.items()
    found = [_feature_change(feature, is_added=True) for feature in definition.features]
    found += [_granted_amount(key, cap) for key, cap in amounts]
    found.append(_change(("title",), None, definition.title, Code.TITLE_CHANGED))
    if definition.description:
        found.append(_change(("description",), None, definition.description, Code.DESCRIPTION_CHANGED))
    if definition.expiry is not None:
        found.append(_change(("expiry",), None, str(definition.expiry), Code.EXPIRY_EXTENDED))
    if definition.allowed_emails is not None:
        shown = _shown(definition.allowed_emails, email)
        found.append(_change(("allowed_emails",), None, shown, Code.EMAILS_WIDENED))
    return tuple(sorted(found, key=lambda change: change.path))


def likeness(one: Definition, other: Definition) -> float:
    """Return the share, from 0 to 1, of all that two packages are and grant which is the same in both."""
    both = [set(_said_of(each)) for each in (one, other)]
    return len(both[0] & both[1]) / len(both[0] | both[1])


def _said_of(definition: Definition) -> Iterator[tuple[str, object]]:
    yield from ((feature, True) for feature in definition.features)
    yield from definition.amounts.items()
    yield from (("title", definition.title), ("expiry", definition.expiry))
    yield "allowed_emails", definition.allowed_emails


def masked(email: str) -> str:
    """Return the address with all but the first character of its local part hidden."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


@lru_cache(maxsize=1024)
def _changed_paths(before: str, after: str) -> frozenset[tuple[str, ...]]:
    """Compare two JSON texts; kept, since what a file changes is also what most holders lose by it."""
    from deepdiff import DeepDiff  # noqa: PLC0415 - 215 ms that a plan without differences does not pay

    tree = DeepDiff(json.loads(before), json.loads(after), view="tree", threshold_to_diff_deeper=0)
    return frozenset(tuple(level.path(output_format="list")) for levels in tree.values() for level in levels)


def _comparable(definition: Definition) -> dict[str, Any]:
    document = {**dict.fromkeys((*CAPS, "expiry")), **definition.as_document()}
    document["features"] = dict.fromkeys(definition.features, True)
    document["allowed_emails"] = definition.allowed_emails and "\n".join(definition.allowed_emails)
    return document


def _classified(
    path: tuple[str, ...], before: Definition, after: Definition, email: Callable[[str], str]
) -> Iterator[FieldChange]:
    match path:
        case ("features", feature):
            yield _feature_change(feature, is_added=feature in after.features)
        case ("limits", limit):
            yield _limit_change(limit, before, after)
        case ("expiry",):
            yield from _expiry_changes(before, after)
        case ("allowed_emails",):
            yield from _email_changes(before, after, email)
        case ("title",):
            yield _change(path, before.title, after.title, Code.TITLE_CHANGED)
        case ("description",):
            yield _change(path, before.description, after.description, Code.DESCRIPTION_CHANGED)
        case (cap,):
            yield _cap_change(cap, before, after)
        case _:
            raise AssertionError(path)


def _change(path: tuple[str, ...], before: Any, after: Any, code: Code) -> FieldChange:
    return FieldChange(path=pointer(*path), before=before, after=after, code=code, severity=code.row.severity)


@lru_cache(maxsize=1024)  # thousands of packages share a few dozen features
def _feature_change(feature: str, *, is_added: bool) -> FieldChange:
    if is_added:
        return _change(("features", feature), None, True, Code.FEATURE_ADDED)
    return _change(("features", feature), True, None, Code.FEATURE_REMOVED)


@lru_cache(maxsize=1024)  # the same
def _granted_amount(key: str, amount: Quantity) -> FieldChange:
    return _change(_amount_path(key), None, amount, _raised(key))


def _limit_change(limit: str, before: Definition, after: Definition) -> FieldChange:
    old, new = before.limits.get(limit), after.limits.get(limit)
    if new is None:
        code = Code.LIMIT_REMOVED
    else:
        code = Code.LIMIT_RAISED if magnitude(new) > magnitude(old) else Code.LIMIT_LOWERED
    return _change(("limits", limit), old, new, code)


def _cap_change(cap: str, before: Definition, after: Definition) -> FieldChange:
    old, new = before.caps.get(cap), after.caps.get(cap)
    code = CAPS[cap].raised if magnitude(new) > magnitude(old) else CAPS[cap].lowered
    return _change((cap,), old, new, code)


def _amount_path(key: str) -> tuple[str, ...]:
    return (key,) if key in CAPS else ("limits", key)


def _raised(key: str) -> Code:
    return CAPS[key].raised if key in CAPS else Code.LIMIT_RAISED


def _expiry_changes(before: Definition, after: Definition) -> Iterator[FieldChange]:
    """Yield a shorter expiry, a longer one, or both: a month and 30 days are each longer for some starts."""
    old, new = before.expiry, after.expiry
    sides = (old and str(old), new and str(new))
    if new is not None and new.is_shorter_than(old):
        yield _change(("expiry",), *sides, Code.EXPIRY_SHORTENED)
    if old is not None and (new is None or old.is_shorter_than(new)):
        yield _change(("expiry",), *sides, Code.EXPIRY_EXTENDED)


def _email_changes(
    before: Definition, after: Definition, email: Callable[[str], str]
) -> Iterator[FieldChange]:
    old, new = before.allowed_emails, after.allowed_emails
    if new is not None and (old is None or set(old) - set(new)):
        yield _change(("allowed_emails",), _shown(old, email), _shown(new, email), Code.EMAILS_NARROWED)
    if old is not None and (new is None or set(new) - set(old)):
        yield _change(("allowed_emails",), _shown(old, email), _shown(new, email), Code.EMAILS_WIDENED)


def _shown(emails: tuple[str, ...] | None, email: Callable[[str], str]) -> str | list[str]:
    return "any" if emails is None else [email(address) for address in emails]
