"""What guards said, with the way past each that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.markdown.escape import block, escape
from reconciler.render.markdown.pieces import Piece
from reconciler.render.review.remedies import ACKNOWLEDGE, ADVICE, acknowledgement_lines
from reconciler.render.review.words import key, sentence, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.render.review.words import Words


def guard_pieces(plan: Plan, catalog: Catalog) -> Iterator[Piece]:
    """Yield a line per guard that blocks, entries to paste, then a line per guard that let pass."""
    blocked = [each for each in plan.guards if each.result == "blocked"]
    if blocked:
        yield Piece("\n**Blocked:**\n\n")
    for each in blocked:
        yield Piece(_line(each, _remedy(each)), "guards that block", 1)
    for package in dict.fromkeys(each.key for each in blocked if each.id == ACKNOWLEDGE):
        yield from _entry(plan, package, catalog)
    passed = [each for each in plan.guards if each.result != "blocked" and each.message]
    for index, each in enumerate(passed):
        gap = "\n" if index == 0 else ""
        yield Piece(f"{gap}{_line(each, [])}", "guards that let pass", 4)


def _line(result: GuardResult, remedy: Words) -> str:
    outcome = "" if result.result == "blocked" else f" ({result.result})"
    words = ["- ", key(result.id), f"{outcome}: ", *sentence(result.message), *remedy]
    return f"{written(words, escape)}\n"


def _remedy(result: GuardResult) -> Words:
    waiver = key(f"--allow {result.id}:{result.key}")
    advice = ADVICE.get(result.id)
    return [" ", *(sentence(f"{advice} ") if advice else ()), "Let it pass once with ", waiver]


def _entry(plan: Plan, package: str, catalog: Catalog) -> Iterator[Piece]:
    files = [each.source.file for each in plan.changes if each.key == package and each.source]
    lines = acknowledgement_lines(plan, package, catalog)
    if files and lines:
        words = written(["\nWhere it is intended, say so in ", key(files[0]), ":\n\n"], escape)
        yield Piece(f"{words}{block(lines, 'yaml')}", "entries to paste", 3)
