"""What guards said: what stops the plan and the exact way past it, and what was let pass by hand."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from reconciler.render.review.remedies import ACKNOWLEDGE, ADVICE, acknowledgement_lines
from reconciler.render.text.ink import Ink, Paper, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import GuardResult, Plan

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
    guard = "" if result.result == "passed" else f"{result.id} "
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
    advice = ADVICE.get(guard, "")
    yield from paper.lines([f"{advice} Or let it pass once:" if advice else "Let it pass once:"], indent=4)
    flags = " ".join(f"--allow {shlex.quote(f'{guard}:{key}')}" for key in keys)
    yield from paper.lines([Span(flags, Ink.CYAN)], indent=_ENTRY_INDENT)


def _where(key: str) -> str:
    return "for the plan as a whole" if key == "*" else f"for {key}"


def _entry(plan: Plan, key: str, catalog: Catalog, paper: Paper) -> Iterator[str]:
    """Yield acknowledgements that would do, for all losses of the package that the guard judged."""
    files = [each.source.file for each in plan.changes if each.key == key and each.source is not None]
    lines = acknowledgement_lines(plan, key, catalog)
    if not lines or not files:
        return
    yield from paper.lines([f"Where it is intended, say so in {files[0]}:"], indent=4)
    for line in lines:
        depth = len(line) - len(line.lstrip(" "))
        yield from paper.lines([Span(line, Ink.CYAN)], indent=_ENTRY_INDENT + depth)
