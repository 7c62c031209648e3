"""How badly each kind of difference treats clients. Every rule has its mirror."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Code, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MIRRORS: Final[Mapping[Code, Code]] = MappingProxyType(
    {
        Code.FEATURE_REMOVED: Code.FEATURE_ADDED,
        Code.LIMIT_LOWERED: Code.LIMIT_RAISED,
        Code.LIMIT_REMOVED: Code.LIMIT_RAISED,
        Code.USER_COUNT_LOWERED: Code.USER_COUNT_RAISED,
        Code.AI_CREDITS_LOWERED: Code.AI_CREDITS_RAISED,
        Code.EXPIRY_SHORTENED: Code.EXPIRY_EXTENDED,
        Code.EMAILS_NARROWED: Code.EMAILS_WIDENED,
        Code.PACKAGE_ARCHIVED: Code.PACKAGE_RESTORED,
    }
)
"""What takes away, and what gives the same back. A limit that is promised anew is raised from nothing."""

_BREAKING: Final = frozenset({Code.FEATURE_REMOVED, Code.EMAILS_NARROWED, Code.PACKAGE_ARCHIVED})


def severity_of(code: Code) -> Severity:
    """Return the severity of one kind of difference."""
    if code in _BREAKING:
        return Severity.BREAKING
    if code in MIRRORS:
        return Severity.RESTRICTING
    return Severity.EXPANDING if code in MIRRORS.values() else Severity.NEUTRAL


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst of them; neutral where there is none."""
    return min(severities, key=lambda severity: severity.rank, default=Severity.NEUTRAL)
