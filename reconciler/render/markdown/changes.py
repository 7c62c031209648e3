"""The changes of a plan: a table that is read at a glance, and folded details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Action, Reach
from reconciler.model.terms import Severity
from reconciler.render.markdown.escape import escape, summary_code
from reconciler.render.markdown.pieces import Piece
from reconciler.render.review.differences import Difference, differences, gathered
from reconciler.render.review.effects import holders_sentence, in_words, moves_sentence
from reconciler.render.review.words import key, written
from reconciler.render.sanitise import sanitise
from reconciler.render.text.change import ORIGINS
from reconciler.render.text.phrases import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plans import Change, Plan
    from reconciler.render.review.words import Words
    from reconciler.render.text.glossary import Glossary

_SIGNS: Final = {
    Severity.BREAKING: "🔴",
    Severity.RESTRICTING: "🟠",
    Severity.EXPANDING: "🟢",
    Severity.NEUTRAL: "⚪",
}
_HEADING: Final = (
    "\n| | Package | Change | Holders | Lose it now | Keep until reassigned | Use it now | Over the limit |\n"
    "|---|---|---|--:|--:|--:|--:|--:|\n"
)
_OFFLINE_HEADING: Final = "\n| | Package | Change |\n|---|---|---|\n"
_NOTHING: Final = "\u2013"
_PHRASES: Final = {
    Action.CREATE: "new package: ",
    Action.REASSIGN: "reassigns holders: ",
    Action.ARCHIVE: "",
    Action.RESTORE: "",
    Action.RENAME: "",
    Action.UPDATE: "",
}


def table_pieces(plan: Plan, glossary: Glossary) -> Iterator[Piece]:
    """Yield the table row by row, so that whole rows are left out where there is no room."""
    if plan.changes:
        yield Piece(_OFFLINE_HEADING if plan.is_offline else _HEADING)
    for change in sorted(plan.changes, key=lambda each: each.severity.rank):
        for row in _rows(change, glossary):
            yield Piece(row, "rows of the table", 2)


def detail_pieces(plan: Plan, glossary: Glossary) -> Iterator[Piece]:
    """Yield a folded section per change, in the plan's order."""
    for change in plan.changes:
        yield Piece(_details(change, glossary), "details of changes", 5)


def _rows(change: Change, glossary: Glossary) -> Iterator[str]:
    found = differences(change, glossary)
    losses = [each for each in found if each.severity.is_loss]
    for each in losses:
        yield _row(change, each.severity, [_PHRASES[change.action], *each.words], each)
    others = tuple(each for each in found if not each.severity.is_loss)
    if others or not losses:
        severity = others[0].severity if others else change.severity
        what = gathered(others) or [moves_sentence(change) or "comes under the control of its file"]
        yield _row(change, severity, [_PHRASES[change.action], *what])


def _row(change: Change, severity: Severity, words: Words, loss: Difference | None = None) -> str:
    what = written([key(change.key), " | ", *words], escape)
    if change.reach is Reach.UNKNOWN:
        return f"| {_SIGNS[severity]} | {what} |\n"
    finding = loss.impact if loss else None
    counts: Iterable[int] = (finding.lose, finding.keep, finding.use, finding.over) if finding else ()
    cells = [number(change.impact.holders), *(number(count) if count else _NOTHING for count in counts)]
    cells += [_NOTHING] * (5 - len(cells))
    return f"| {_SIGNS[severity]} | {what} | {' | '.join(cells)} |\n"


def _details(change: Change, glossary: Glossary) -> str:
    heading = f"{summary_code(sanitise(change.key))} · {change.action} · {change.severity}"
    lines = [f"\n<details><summary>{heading}</summary>\n\n"]
    lines += [f"{sentence}\n\n" for sentence in _sentences(change)]
    lines += [f"- {_line(each)}\n" for each in differences(change, glossary)]
    return "".join([*lines, "\n</details>\n"])


def _sentences(change: Change) -> Iterator[str]:
    if change.reach is not Reach.UNKNOWN:
        yield holders_sentence(change)
    if moves := moves_sentence(change):
        yield moves
    if change.adopts:
        yield "It adopts a package that was made by hand on the platform."
    if change.origin != "files":
        yield ORIGINS[change.origin]
    if change.source:
        yield written(["From ", key(f"{change.source.file}:{change.source.line}"), "."], escape)


def _line(difference: Difference) -> str:
    words = [f"{_SIGNS[difference.severity]} ", *difference.words]
    if difference.impact:
        words += [" — ", *in_words(difference.impact)]
    return written(words, escape)
