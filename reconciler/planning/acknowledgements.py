"""Losses against the committed statements that they are intended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.plans import Action
from reconciler.model.terms import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from reconciler.model.catalog import Catalog
    from reconciler.model.packages import Acknowledgement
    from reconciler.model.plans import Change, ImpactFinding


def acknowledged(
    change: Change,
    entries: Iterable[Acknowledgement],
    catalog: Catalog | None,
    *,
    counts_kept: bool,
    today: date,
) -> Iterator[tuple[bool, str]]:
    """Yield, per loss of the change that clients feel, whether an entry is enough for it, and a sentence.

    With `counts_kept`, clients who merely keep what is taken away count as well. A rollout's losses are
    judged once, with the reassignment.
    """
    entries = tuple(entries)
    for finding in _owned(change, catalog):
        touched = finding.lose + (finding.keep if counts_kept else 0)
        if touched:
            yield _judged(finding, change.key, touched, _entry_for(finding, change.key, entries, today))


def unused(
    change_keys: Mapping[str, Iterable[Change]], key: str, entries: Iterable[Acknowledgement]
) -> Iterator[str]:
    """Yield a sentence per entry of the package `key` that names no loss of this plan."""
    named = {
        (finding.code.row.acknowledged_by, _subject(finding, key))
        for change in change_keys.get(key, ())
        for finding in change.impact.findings
    }
    for entry in entries:
        if (entry.verb, entry.subject) not in named:
            named_loss = f"{entry.verb}: {entry.subject}"
            yield f"{key}: the acknowledgement `{named_loss}` lets nothing pass in this plan."


def _owned(change: Change, catalog: Catalog | None) -> Iterator[ImpactFinding]:
    """Leave out limits that go with their feature: acknowledging the feature says it."""
    gone = {finding.subject for finding in change.impact.findings if finding.code is Code.FEATURE_REMOVED}
    for finding in change.impact.findings:
        limit = catalog.limits.get(finding.subject) if catalog else None
        if finding.code is Code.LIMIT_REMOVED and limit and limit.feature in gone:
            continue
        if change.action is Action.REASSIGN or not finding.lose:
            yield finding


def _entry_for(
    finding: ImpactFinding, key: str, entries: tuple[Acknowledgement, ...], today: date
) -> Acknowledgement | None:
    wanted = (finding.code.row.acknowledged_by, _subject(finding, key))
    matching = [entry for entry in entries if (entry.verb, entry.subject) == wanted and entry.until >= today]
    return max(matching, key=lambda entry: entry.clients, default=None)


def _subject(finding: ImpactFinding, key: str) -> str:
    return key if finding.code is Code.PACKAGE_ARCHIVED else finding.subject


def _judged(
    finding: ImpactFinding, key: str, touched: int, entry: Acknowledgement | None
) -> tuple[bool, str]:
    loss = f"{finding.code.row.acknowledged_by}: {_subject(finding, key)}"
    clients = "1 client" if touched == 1 else f"{touched:,} clients"
    if entry is None:
        return False, f"{clients} touched by `{loss}`, and no acknowledgement in force names it."
    bound = f"at most {entry.clients:,} until {entry.until.isoformat()}"
    if touched > entry.clients:
        return False, f"{clients} touched by `{loss}`, but it is acknowledged for {bound}."
    return True, f"{clients} touched by `{loss}`: acknowledged for {bound} ({entry.reason})"
