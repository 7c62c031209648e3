"""What the configuration means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from reconciler.validation.problems import Problem, did_you_mean
from reconciler.validation.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_OWNERS: Final[Mapping[str, frozenset[str]]] = {
    "https://token.actions.githubusercontent.com": frozenset({"repository", "repository_id", "sub"}),
    "https://gitlab.com": frozenset({"project_path", "project_id", "sub"}),
}
"""Claims that say whose a job is, of issuers that serve everybody."""

_PASSWORD: Final = re.compile(
    r"^[a-z][a-z0-9+.-]*://[^/@?#]*:[^/?#]+@|[?&](?:password|token|secret)=[^&]", re.IGNORECASE
)


def settings_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Judge a schema-valid configuration document by itself."""
    for key in ("packages", "catalog"):
        if not _stays_inside(document.get(key, "inside")):
            message = f"`{key}` leaves the folder of the configuration"
            yield Problem((key,), "path-outside", message, "write a relative path without `..`")
    environments = document["environments"]
    default = document.get("default_environment")
    if default is not None and default not in environments:
        message = f"the default environment `{default}` is not one of `environments`"
        fix = did_you_mean(default, environments) or f"one of: {', '.join(sorted(environments)[:10])}"
        yield Problem(("default_environment",), "unknown-environment", message, fix)
    for name, environment in environments.items():
        for key in ("platform", "read_platform"):
            if _PASSWORD.search(environment.get(key, "")):
                message = f"the platform of `{name}` holds a password"
                fix = "name a variable in `token_env`, or let PostgreSQL read PGPASSWORD"
                yield Problem(("environments", name, key), "password-in-url", message, fix)
    yield from _promotion_problems(environments)
    yield from _grant_problems(document.get("server", {}).get("issuers", ()))
    yield from _switch_problems(document.get("lint", {}).get("off", {}))


def _grant_problems(issuers: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    for index, issuer in enumerate(issuers):
        owners = _OWNERS.get(issuer["issuer"])
        for number, grant in enumerate(issuer["grants"]):
            if owners and owners.isdisjoint(grant["claims"]):
                path = ("server", "issuers", index, "grants", number, "claims")
                message = f"this fits jobs of anybody at {issuer['issuer']}"
                yield Problem(path, "grant-too-wide", message, f"add one of: {', '.join(sorted(owners))}")


def _promotion_problems(environments: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    before = {name: each["after"] for name, each in environments.items() if "after" in each}
    for name, stated in before.items():
        path = ("environments", name, "after")
        if stated not in environments:
            fix = did_you_mean(stated, environments) or f"one of: {', '.join(sorted(environments)[:10])}"
            yield Problem(path, "unknown-environment", f"there is no environment `{stated}`", fix)
        elif name in _all_before(stated, before):
            message = f"`{name}` would have to come after itself"
            yield Problem(path, "unknown-environment", message, "leave `after` out of one of them")


def _all_before(name: str, before: Mapping[str, str]) -> set[str]:
    """Return the environment, and those that come before it."""
    found = {name}
    while name in before and before[name] not in found:
        name = before[name]
        found.add(name)
    return found


def _switch_problems(off: Collection[str]) -> Iterator[Problem]:
    warnings = [rule.id for rule in RULES.values() if rule.severity == "warning"]
    for rule in off:
        if rule not in warnings:
            is_error = rule in RULES
            message = (
                f"`{rule}` is an error, which cannot be turned off"
                if is_error
                else f"there is no rule `{rule}`"
            )
            fix = "delete the line" if is_error else did_you_mean(rule, warnings)
            yield Problem(("lint", "off", rule), "unknown-rule", message, fix, at_key=True)


def protection_problems(document: Mapping[str, Any], keys: Collection[str]) -> Iterator[Problem]:
    """Name protected packages that no file has."""
    for name, environment in document["environments"].items():
        for index, key in enumerate(environment.get("guards", {}).get("protected", ())):
            if key not in keys:
                path = ("environments", name, "guards", "protected", index)
                message = f"no file has the protected package `{key}`"
                yield Problem(path, "protected-unknown", message, did_you_mean(key, keys))


def _stays_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")
