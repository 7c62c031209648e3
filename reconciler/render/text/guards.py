"""What guards said: what stops the plan and the exact way past it, and what was let pass by hand."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Code
from reconciler.render.text.ink import Ink, Paper, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import GuardResult, ImpactFinding, Plan

ACKNOWLEDGE: Final = "acknowledge"
_ADVICE: Final = {
    "archives": "Archive fewer packages at once, or raise `archives` in reconciler.yaml.",
    "clients_losing": "Move fewer clients at once (`rollout: {per_run: …}`), or raise `clients_losing`.",
    "empty_desired": "Check that the packages folder is the right one.",
    "vanished": "Put the file back with `archived: true`.",
    "adopt": "Make the file say what the platform has.",
    "protected": "Take the key out of `protected` in reconciler.yaml and apply that first.",
}
_VERBS: Final = {
    Code.FEATURE_REMOVED: "removes",
    Code.LIMIT_REMOVED: "removes",
    Code.LIMIT_LOWERED: "lowers",
    Code.USER_COUNT_LOWERED: "lowers",
    Code.AI_CREDITS_LOWERED: "lowers",
    Code.EXPIRY_SHORTENED: "shortens",
    Code.EMAILS_NARROWED: "narrows",
    Code.PACKAGE_ARCHIVED: "archives",
}
_DAYS_TO_ACT: Final = timedelta(days=30)
_ENTRY_INDENT: Final = 6


def guard_lines(plan: Plan, catalog: Catalog, paper: Paper) -> Iterator[str]:
    """Yield the guards that block, each with what to do, then what was waived or acknowledged."""
    together: dict[tuple[str, str], list[GuardResult]] = {}
    for each in plan.guards:
        if each.result == "blocked":
            together.setdefault(_said_together(each), []).append(each)
    if together:
        yield from paper.lines([Span("Blocked", Ink.ALARM)])
    for results in together.values():
        yield from _blocked(plan, results, catalog, paper)
    for each in plan.guards:
        if each.result == "allowed":
            yield from _let_pass("Allowed", each, paper)
        elif each.result == "passed" and each.id == ACKNOWLEDGE and each.message:
            yield from _let_pass("Acknowledged", each, paper)


def _said_together(result: GuardResult) -> tuple[str, str]:
    return (result.id, result.key if result.id == ACKNOWLEDGE else result.message)


def _let_pass(word: str, result: GuardResult, paper: Paper) -> Iterator[str]:
    guard = "" if result.id == ACKNOWLEDGE else f"{result.id} "
    body = [f"{guard}{_where(result.key)}: ", result.message]
    yield from paper.lines(body, label=Span(word, Ink.YELLOW), column=len(word) + 1)


def _blocked(plan: Plan, results: Sequence[GuardResult], catalog: Catalog, paper: Paper) -> Iterator[str]:
    guard, keys = results[0].id, list(dict.fromkeys(each.key for each in results))
    heading: list[Span | str] = [Span(guard, Ink.BOLD), f" {_where(', '.join(keys))}"]
    yield from paper.lines(heading, indent=2, label=Span("x", Ink.ALARM), column=2)
    for message in dict.fromkeys(each.message for each in results):
        yield from paper.lines([message], indent=4)
    if guard == ACKNOWLEDGE:
        yield from _entry(plan, keys[0], catalog, paper)
        return
    advice = _ADVICE.get(guard, "")
    yield from paper.lines([f"{advice} Or let it pass once:" if advice else "Let it pass once:"], indent=4)
    flags = " ".join(f"--allow {shlex.quote(f'{guard}:{key}')}" for key in keys)
    yield from paper.lines([Span(flags, Ink.CYAN)], indent=_ENTRY_INDENT)


def _where(key: str) -> str:
    return "for the plan as a whole" if key == "*" else f"for {key}"


def _entry(plan: Plan, key: str, catalog: Catalog, paper: Paper) -> Iterator[str]:
    """Yield acknowledgements that would do, for all losses of the package that the guard judged."""
    files = [each.source.file for each in plan.changes if each.key == key and each.source is not None]
    losses = _losses(plan, key, catalog)
    if not losses or not files:
        return
    yield from paper.lines([f"Where it is intended, say so in {files[0]}:"], indent=4)
    lines = ["acknowledge:"]
    for loss, clients in losses:
        lines += _acknowledgement(loss, clients, key, plan.created_at)
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        yield from paper.lines([Span(line, Ink.CYAN)], indent=_ENTRY_INDENT + depth)


def _losses(plan: Plan, key: str, catalog: Catalog) -> list[tuple[ImpactFinding, int]]:
    """Return the losses and how many clients each may touch: the losers, or the keepers too.

    Which of the two the guard counts shows in how many losses it judged. A limit that goes with its feature
    is acknowledged with that.
    """
    changes = [each for each in plan.changes if each.key == key]
    found = {(each.code, each.subject): each for change in changes for each in change.impact.findings}
    gone = {subject for code, subject in found if code is Code.FEATURE_REMOVED}
    owned = [each for each in found.values() if each.code in _VERBS and not _goes_along(each, gone, catalog)]
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
        f"  - {_VERBS[loss.code]}: {subject}",
        f"    clients: {clients}",
        "    reason: why, and when clients were told",
        f"    until: {_until(at)}",
    ]


def _until(at: datetime) -> str:
    try:
        return (at + _DAYS_TO_ACT).date().isoformat()
    except OverflowError:
        return at.date().isoformat()
