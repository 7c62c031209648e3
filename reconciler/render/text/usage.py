"""Consumption against allowance: a table per package, then what to do about each allowance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import agreed, counted, number, quantity
from reconciler.model.terms import CAPS, Term
from reconciler.render.story.words import Span, Tone, joined, several
from reconciler.render.text.style import Paper
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.planning.advice import MeterUsage, Near, PackageUsage, Verdict
    from reconciler.render.story.glossary import Glossary

_HEADINGS: Final = ("allowance", "now", "use it", "median", "80 %", "95 %", "most", "mean", "≥80 %", "full")
_NOTHING: Final = "·"
_SHOWN: Final = 3
_INDENT: Final = 2
_NO_ADVICE: Final[Mapping[Verdict, str]] = {
    "too-few": "no advice yet",
    "too-young": "no advice yet",
    "unused": "no advice",
    "withdrawn": "no advice",
}


def usage_lines(usage: PackageUsage, glossary: Glossary, paper: Paper) -> Iterator[str]:
    """Yield the package's lines, and an empty one after them."""
    facts = (
        f"revision {usage.revision}",
        f"{counted(usage.holders, 'client')} {agreed(usage.holders, 'holds', 'hold')} it",
        f"{number(usage.seasoned)} for two weeks or longer" if usage.holders else "",
    )
    yield from paper.lines(
        [Span(usage.key, Tone.STRONG), f" {usage.title} ", Span(joined(facts), Tone.QUIET)]
    )
    yield ""
    rows = [_row(meter, glossary) for meter in usage.meters]
    narrower = Paper(None if paper.width is None else paper.width - _INDENT, paper.colour)
    yield from (" " * _INDENT + line for line in table_lines(_HEADINGS, rows, narrower))
    yield ""
    for meter in usage.meters:
        yield from _advice(meter, glossary, paper)
    yield ""


def near_table(near: Iterable[Near], glossary: Glossary, paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per client and allowance."""
    rows = ((each.package, _title(each.meter, glossary), each.client) for each in near)
    return table_lines(("PACKAGE", "ALLOWANCE", "CLIENT"), rows, paper)


def _row(meter: MeterUsage, glossary: Glossary) -> Sequence[str]:
    used, spread = meter.consumption, meter.consumption.spread
    name, using = _name(meter, glossary), f"{number(used.using)} of {number(used.clients)}"
    if spread is None:
        return (name, quantity(meter.allowance), using, *[_NOTHING] * 7)
    amounts = (spread.p50, spread.p80, spread.p95, spread.most)
    mean = f"{spread.mean:,.1f}"
    return (
        name,
        quantity(meter.allowance),
        using,
        *map(number, amounts),
        mean,
        number(used.near),
        number(used.full),
    )


def _advice(meter: MeterUsage, glossary: Glossary, paper: Paper) -> Iterator[str]:
    body: list[Span | str] = [_verdict(meter), " ", " ".join(meter.advice.reasons)]
    label = Span(f"{_name(meter, glossary)}:")
    yield from paper.lines(body, indent=_INDENT, label=label, column=4)
    for what, count, sample in (
        ("at the cap", meter.consumption.full, meter.full_sample),
        ("at 80 % or more", meter.consumption.near, meter.near_sample),
    ):
        if count:
            who = f"{what}: {several(sample, count, _SHOWN)}"
            yield from paper.lines([Span(who, Tone.QUIET)], indent=_INDENT + 4)


def _verdict(meter: MeterUsage) -> Span:
    verdict, suggestion = meter.advice.verdict, number(meter.advice.suggestion or 0)
    match verdict:
        case "raise":
            return Span(f"raise to {suggestion}.", Tone.CAUTION)
        case "lower":
            return Span(f"{suggestion} would do.", Tone.HINT)
        case "cap":
            return Span(f"a cap of {suggestion} would do.", Tone.HINT)
        case "keep":
            return Span(f"keep {suggestion}.", Tone.GOOD)
        case _:
            return Span(f"{_NO_ADVICE[verdict]}.", Tone.QUIET)


def _name(meter: MeterUsage, glossary: Glossary) -> str:
    return _title(meter.meter, glossary)


def _title(meter: str, glossary: Glossary) -> str:
    return glossary.title(Term("" if meter in CAPS else "limits", meter))
