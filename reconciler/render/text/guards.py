"""What guards said: what stops the plan and the exact way past it, and what was let pass by hand."""

from __future__ import annotations

import shlex
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Code
from reconciler.render.text.ink import Ink, Paper, Span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.model.plans import Change, GuardResult, ImpactFinding, Plan

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


def guard_lines(plan: Plan, paper: Paper) -> Iterator[str]:
    """Yield the guards that block, each with what to do, then those that were waived."""
    blocked = [each for each in plan.guards if each.result == "blocked"]
    if blocked:
        yield from paper.lines([Span("Blocked", Ink.ALARM)])
        for (guard, key), results in groupby(blocked, lambda each: (each.id, each.key)):
            yield from _blocked(guard, key, list(results), paper)
            yield from _remedy(plan, guard, key, paper)
    for each in plan.guards:
        if each.result == "allowed":
            yield from _let_pass("Allowed", each, paper)
        elif each.result == "passed" and each.id == ACKNOWLEDGE and each.message:
            yield from _let_pass("Acknowledged", each, paper)


def _let_pass(word: str, result: GuardResult, paper: Paper) -> Iterator[str]:
    guard = "" if result.id == ACKNOWLEDGE else f"{result.id} "
    body = [f"{guard}{_where(result.key)}: ", result.message]
    yield from paper.lines(body, label=Span(word, Ink.YELLOW), column=len(word) + 1)


def _blocked(guard: str, key: str, results: list[GuardResult], paper: Paper) -> Iterator[str]:
    heading: list[Span | str] = [Span(guard, Ink.BOLD), f" {_where(key)}"]
    yield from paper.lines(heading, indent=2, label=Span("x", Ink.ALARM), column=2)
    for each in results:
        yield from paper.lines([each.message], indent=4)


def _where(key: str) -> str:
    return "for the plan as a whole" if key == "*" else f"for {key}"


def _remedy(plan: Plan, guard: str, key: str, paper: Paper) -> Iterator[str]:
    if guard == ACKNOWLEDGE:
        changes = [each for each in plan.changes if each.key == key and each.source is not None]
        for change in changes[:1]:
            yield from _entry(plan, change, paper)
        return
    advice = _ADVICE.get(guard, "")
    yield from paper.lines(
        [advice, " Or let it pass this once:" if advice else "Let it pass this once:"], indent=4
    )
    yield from paper.lines([Span(f"--allow {shlex.quote(f'{guard}:{key}')}", Ink.CYAN)], indent=_ENTRY_INDENT)


def _entry(plan: Plan, change: Change, paper: Paper) -> Iterator[str]:
    """Yield acknowledgements that would do, for every loss of the package that touches somebody."""
    losses = _losses(plan, change.key)
    if not losses or change.source is None:
        return
    yield from paper.lines([f"Where it is intended, say so in {change.source.file}:"], indent=4)
    lines = ["acknowledge:"]
    for loss in losses:
        lines += _acknowledgement(loss, change.key, plan.created_at)
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        yield from paper.lines([Span(line, Ink.CYAN)], indent=_ENTRY_INDENT + depth)


def _losses(plan: Plan, key: str) -> list[ImpactFinding]:
    found = {
        (each.code, each.subject): each
        for change in plan.changes
        if change.key == key
        for each in change.impact.findings
        if each.code in _VERBS and each.keep + each.lose
    }
    return list(found.values())


def _acknowledgement(loss: ImpactFinding, key: str, at: datetime) -> list[str]:
    subject = key if loss.code is Code.PACKAGE_ARCHIVED else loss.subject
    return [
        f"  - {_VERBS[loss.code]}: {subject}",
        f"    clients: {loss.keep + loss.lose}",
        "    reason: why, and when clients were told",
        f"    until: {_until(at)}",
    ]


def _until(at: datetime) -> str:
    try:
        return (at + _DAYS_TO_ACT).date().isoformat()
    except OverflowError:
        return at.date().isoformat()
