"""What a loss does to clients, in one line of counts with names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.text.fields import value
from reconciler.render.text.ink import Ink, Span
from reconciler.render.text.phrases import number, several, verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.plans import FieldChange, ImpactFinding

_NAMES_SHOWN: Final = 3
_OVER_A_LIMIT: Final = ("is over the new limit", "are over the new limit")


def impact_line(finding: ImpactFinding, field: FieldChange | None = None) -> Sequence[Span | str]:
    """Return who keeps what is taken away, who loses it now, and whom that hurts, with names.

    `field` is the difference that causes it, so that the line can say what is kept and what is left.
    """
    parts = list(_parts(finding, field))
    if not parts:
        return [Span("no client has it", Ink.DIM)]
    named = _named_part(finding)
    spans: list[Span | str] = []
    for kind, span in parts:
        spans += [Span(" · ", Ink.DIM)] if spans else []
        spans.append(span)
        if kind == named and finding.sample:
            spans.append(f": {several(finding.sample, _concerned(finding, kind), _NAMES_SHOWN)}")
    return spans


def _parts(finding: ImpactFinding, field: FieldChange | None) -> Iterator[tuple[str, Span]]:
    keeps, loses = _outcomes(finding, field)
    if finding.lose:
        words = verb(finding.lose, *loses)
        yield "lose", Span(f"{number(finding.lose)} {words} with this apply", Ink.ALARM)
    if finding.keep:
        yield "keep", Span(f"{number(finding.keep)} {verb(finding.keep, 'keeps', 'keep')} {keeps}")
    if finding.use:
        yield "use", Span(f"{number(finding.use)} {verb(finding.use, 'uses', 'use')} it now", Ink.YELLOW)
    if finding.over:
        cap = finding.code.row.cap
        is_over = cap.when_over if cap else _OVER_A_LIMIT
        yield "over", Span(f"{number(finding.over)} {verb(finding.over, *is_over)}", Ink.YELLOW)
    if finding.not_allowed:
        are = verb(finding.not_allowed, "is", "are")
        yield "not_allowed", Span(f"{number(finding.not_allowed)} {are} no longer allowed", Ink.YELLOW)
    if finding.expired:
        yield "expired", Span(f"{number(finding.expired)} would find it expired", Ink.YELLOW)


def _outcomes(finding: ImpactFinding, field: FieldChange | None) -> tuple[str, tuple[str, str]]:
    """Return what is kept, and the verb (singular, plural) for losing it."""
    row = finding.code.row
    if field is not None and row.acknowledged_by == "lowers":
        after = value(field.after)
        return value(field.before), (f"drops to {after}", f"drop to {after}")
    held = row.held
    return held, (f"loses {held}", f"lose {held}")


def _concerned(finding: ImpactFinding, kind: str) -> int:
    counts = {"lose": finding.lose, "keep": finding.keep, "use": finding.use, "over": finding.over}
    counts |= {"not_allowed": finding.not_allowed, "expired": finding.expired}
    return counts[kind]


def _named_part(finding: ImpactFinding) -> str | None:
    """Return which count the sample is of: the most specific one that is large enough for it."""
    kinds = ("over", "not_allowed", "expired", "use", "lose", "keep")
    fitting = (kind for kind in kinds if _concerned(finding, kind) >= max(len(finding.sample), 1))
    return next(fitting, None)
