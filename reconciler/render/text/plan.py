"""The plan, as people read it: a verdict, every change with whom it touches, what stops it, what is next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Action
from reconciler.render.text.catalog_change import catalog_lines, protected_lines
from reconciler.render.text.change import change_lines
from reconciler.render.text.guards import guard_lines
from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.phrases import counted, number, several, verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from reconciler.model.plans import Change, Plan
    from reconciler.render.text.glossary import Glossary

_UNMANAGED_SHOWN: Final = 5
_OUTDATED_SHOWN: Final = 3
_COUNTED: Final = (
    ("create", "created"),
    ("update", "updated"),
    ("rename", "renamed"),
    ("restore", "restored"),
    ("archive", "archived"),
)


def plan_text(plan: Plan, glossary: Glossary, paper: Paper, *, next_step: str = "") -> str:
    """Return the whole plan, ending in a newline.

    `next_step` is a sentence to close with, such as the command that applies the plan.
    """
    return "\n".join(plan_lines(plan, glossary, paper, next_step=next_step)) + "\n"


def plan_lines(plan: Plan, glossary: Glossary, paper: Paper, *, next_step: str = "") -> Iterator[str]:
    """Yield the same, line by line."""
    known = glossary.beside(plan)
    yield from _verdict(plan, paper)
    for change in _as_read(plan):
        yield ""
        yield from change_lines(change, known, paper)
    yield from _after_a_gap(catalog_lines(plan.catalog, paper))
    yield from _after_a_gap(protected_lines(plan.protected, paper))
    yield from _after_a_gap(_remarks(plan, paper))
    yield from _after_a_gap(guard_lines(plan, known.catalog, paper))
    if plan.changes:
        yield ""
        yield from paper.lines([summary_line(plan)])
    if next_step:
        yield from paper.lines([next_step])


def summary_line(plan: Plan) -> str:
    """Return the counts on one line, in the words that scripts and people look for."""
    counts = plan.summary
    verbs = ("create", "update", "rename", "restore", "archive", "reassign")
    said = [f"{number(getattr(counts, verb))} to {verb}" for verb in verbs if getattr(counts, verb)]
    return f"Plan: {', '.join(said) or 'no package to change'}."


def _as_read(plan: Plan) -> Iterator[Change]:
    """Yield the changes in the plan's order, but each reassignment after the change that it carries out.

    What that change says of its losses already, the reassignment does not say again.
    """
    moves = {each.key: each for each in plan.changes if each.action is Action.REASSIGN}
    for change in plan.changes:
        if change.action is not Action.REASSIGN:
            yield change
            if change.key in moves:
                yield _without_what_is_said(moves.pop(change.key), change)
    yield from moves.values()


def _without_what_is_said(move: Change, change: Change) -> Change:
    findings = tuple(each for each in move.impact.findings if each not in change.impact.findings)
    return move.model_copy(update={"impact": move.impact.model_copy(update={"findings": findings})})


def _verdict(plan: Plan, paper: Paper) -> Iterator[str]:
    if plan.is_empty and not plan.blocked:
        yield from paper.lines(
            [Span("Nothing to change: ", Ink.GOOD), f"{plan.environment} is as the files say."]
        )
        return
    stops = len({each.id for each in plan.guards if each.result == "blocked"})
    heading: list[Span | str] = [Span(_title(plan), Ink.BOLD)]
    if plan.blocked:
        heading.append(Span(f" — BLOCKED by {counted(stops, 'guard')}", Ink.ALARM))
    yield from paper.lines(heading)
    yield from paper.lines([f"{_packages(plan)}."])
    yield from paper.lines(_clients(plan))


def _title(plan: Plan) -> str:
    return f"Changes since {plan.environment}" if plan.is_offline else f"Plan for {plan.environment}"


def _packages(plan: Plan) -> str:
    said = [(getattr(plan.summary, name), word) for name, word in _COUNTED]
    parts = [f"{number(count)} {word}" for count, word in said if count]
    if not parts:
        return "No package changes" if not plan.summary.reassign else "Only clients are reassigned"
    total = sum(count for count, _ in said)
    if len(parts) == 1:
        return f"{counted(total, 'package')} {verb(total, 'is', 'are')} {parts[0].partition(' ')[2]}"
    return f"{counted(total, 'package')} {verb(total, 'changes', 'change')}: {', '.join(parts)}"


def _clients(plan: Plan) -> Iterable[Span | str]:
    affected = plan.summary.clients_affected
    losing = max((each.lose for change in plan.changes for each in change.impact.findings), default=0)
    moved = sum(each.reassignment.clients for each in plan.changes if each.reassignment is not None)
    if plan.is_offline:
        yield "Compared without the platform: which clients they touch is unknown."
    elif not affected:
        yield "No client loses anything."
    elif losing >= affected:
        yield Span(
            f"{counted(affected, 'client')} {verb(affected, 'loses', 'lose')} something now.", Ink.ALARM
        )
    else:
        yield Span(f"{counted(affected, 'client')} {verb(affected, 'is', 'are')} touched", Ink.BOLD)
        yield ", of whom at least " if losing else "; nobody loses anything with this apply."
        if losing:
            yield Span(f"{number(losing)} {verb(losing, 'loses', 'lose')} something now.", Ink.ALARM)
    if moved:
        yield f" {counted(moved, 'client')} {verb(moved, 'is', 'are')} reassigned."


def _remarks(plan: Plan, paper: Paper) -> Iterator[str]:
    if plan.outdated:
        yield from paper.lines(_outdated(plan), label=Span("Outdated", Ink.DIM), column=10)
    if plan.unmanaged:
        names = several(plan.unmanaged, len(plan.unmanaged), _UNMANAGED_SHOWN)
        body = [f"made by hand on the platform and left alone: {names}"]
        yield from paper.lines(body, label=Span("Unmanaged", Ink.DIM), column=10)
    for notice in plan.notices:
        yield from paper.lines([notice], label=Span("Note", Ink.CYAN), column=10)


def _outdated(plan: Plan) -> list[str]:
    clients = sum(each.clients for each in plan.outdated)
    rows = sorted(plan.outdated, key=lambda each: -each.clients)
    named = ", ".join(
        f"{number(each.clients)} on {each.package} revision {number(each.revision)} "
        f"({_age(plan.created_at - each.since)})"
        for each in rows[:_OUTDATED_SHOWN]
    )
    rest = sum(each.clients for each in rows[_OUTDATED_SHOWN:])
    more = f" and {number(rest)} more" if rest else ""
    return [f"{counted(clients, 'client')} on older revisions: {named}{more}"]


def _age(since: timedelta) -> str:
    return f"outdated for {counted(since.days, 'day')}" if since.days else "outdated since today"


def _after_a_gap(lines: Iterator[str]) -> Iterator[str]:
    for number_, line in enumerate(lines):
        if number_ == 0:
            yield ""
        yield line
