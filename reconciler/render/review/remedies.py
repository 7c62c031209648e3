"""What can be done about a guard that blocks, beside waiving it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.model.terms import Code
from reconciler.planning.guards import GUARDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import ImpactFinding, Plan

ACKNOWLEDGE: Final = "acknowledge"
ADVICE: Final[Mapping[str, str]] = {guard.id: guard.advice for guard in GUARDS}
_DAYS_TO_ACT: Final = timedelta(days=30)


def acknowledgement_lines(plan: Plan, key: str, catalog: Catalog) -> list[str]:
    """Return YAML that would do for all losses of the package that the guard judged; empty for none."""
    lines: list[str] = []
    for loss, clients in _losses(plan, key, catalog):
        lines += _acknowledgement(loss, clients, key, plan.created_at)
    return ["acknowledge:", *lines] if lines else []


def _losses(plan: Plan, key: str, catalog: Catalog) -> list[tuple[ImpactFinding, int]]:
    """Return the losses and how many clients each may touch: the losers, or the keepers too.

    Which of the two the guard counts shows in how many losses it judged. A limit that goes with its feature
    is acknowledged with that.
    """
    changes = [each for each in plan.changes if each.key == key]
    found = {(each.code, each.subject): each for change in changes for each in change.impact.findings}
    gone = {subject for code, subject in found if code is Code.FEATURE_REMOVED}
    owned = [
        each
        for each in found.values()
        if each.code.row.acknowledged_by and not _goes_along(each, gone, catalog)
    ]
    losing = [(each, each.lose) for each in owned if each.lose]
    judged = sum(each.id == ACKNOWLEDGE and each.key == key for each in plan.guards)
    if len(losing) >= judged:
        return losing
    return [(each, each.keep + each.lose) for each in owned if each.keep + each.lose]


def _goes_along(loss: ImpactFinding, gone: set[str], catalog: Catalog) -> bool:
    limit = catalog.limits.get(loss.subject)
    return loss.code is Code.LIMIT_REMOVED and limit is not None and limit.feature in gone


def _acknowledgement(loss: ImpactFinding, clients: int, key: str, at: datetime) -> list[str]:
    subject = key if loss.code is Code.PACKAGE_ARCHIVED else loss.subject
    return [
        f"  - {loss.code.row.acknowledged_by}: {subject}",
        f"    clients: {clients}",
        "    reason: why, and when clients were told",
        f"    until: {_until(at)}",
    ]


def _until(at: datetime) -> str:
    try:
        return (at + _DAYS_TO_ACT).date().isoformat()
    except OverflowError:
        return at.date().isoformat()
