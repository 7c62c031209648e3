"""One change: what happens to which package, whom it reaches, and every difference with its losses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Action, Reach
from reconciler.model.terms import Code, Kind, Severity
from reconciler.render.text.fields import by_severity, field_line, lost_line, stated_line, value
from reconciler.render.text.impact import impact_line
from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.phrases import counted, number, verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.plans import Change, FieldChange, ImpactFinding, Reassignment
    from reconciler.render.text.fields import FieldLine
    from reconciler.render.text.glossary import Glossary

SYMBOLS: Final = {
    Action.CREATE: Span("+", Ink.GOOD),
    Action.UPDATE: Span("~", Ink.CAUTION),
    Action.ARCHIVE: Span("-", Ink.ALARM),
    Action.RESTORE: Span("^", Ink.GOOD),
    Action.RENAME: Span(">", Ink.BOLD),
    Action.REASSIGN: Span("→", Ink.CAUTION),
}
_SEVERITY_INKS: Final = {
    Severity.BREAKING: Ink.ALARM,
    Severity.RESTRICTING: Ink.CAUTION,
    Severity.EXPANDING: Ink.GREEN,
    Severity.NEUTRAL: Ink.DIM,
}
_ADDITIONS: Final = (Code.FEATURE_ADDED, Code.LIMIT_RAISED)
_ADDITIONS_SHOWN_SINGLY: Final = 3
ORIGINS: Final = {
    "platform": "Edited on the platform since the last apply; the file did not change.",
    "both": "Edited on the platform since the last apply, and the file changed as well.",
}
_INDENT: Final = 4
_DIFFERENCE: Final = 6
_KIND_COLUMN: Final = 14


def change_lines(change: Change, glossary: Glossary, paper: Paper) -> Iterator[str]:
    """Yield the change's lines: a heading, whom it reaches, where it comes from, the differences."""
    yield from _heading(change, glossary, paper)
    for sentence in _reach(change):
        yield from paper.lines([sentence], indent=_INDENT)
    if change.source is not None:
        place = f"{change.source.file}:{change.source.line}"
        yield from paper.lines([Span(place, Ink.DIM)], indent=_INDENT)
    if change.origin != "files":
        yield from paper.lines([Span(ORIGINS[change.origin], Ink.YELLOW)], indent=_INDENT)
    yield from _differences(change, glossary, paper)


def _heading(change: Change, glossary: Glossary, paper: Paper) -> Iterator[str]:
    title = glossary.packages.get(change.key, "")
    body: list[Span | str] = [Span(change.action, SYMBOLS[change.action].ink), " "]
    if change.renamed_from is not None:
        body += [Span(change.renamed_from, Ink.BOLD), " → "]
    body += [Span(change.key, Ink.BOLD), f" “{title}”" if title else ""]
    if change.from_revision is not None and _mints_a_revision(change):
        body.append(Span(f" revision {number(change.from_revision)} → {number(change.from_revision + 1)}"))
    body += [Span(" · ", Ink.DIM), Span(change.severity, _SEVERITY_INKS[change.severity])]
    yield from paper.lines(body, label=SYMBOLS[change.action], column=2)


def _mints_a_revision(change: Change) -> bool:
    return change.action is not Action.REASSIGN and any(
        each.code.row.kind is not Kind.PACKAGE for each in change.fields
    )


def _reach(change: Change) -> Iterator[Span | str]:
    if change.adopts:
        yield "Adopts a package that was made by hand on the platform."
    if change.reassignment is not None:
        yield from _moves(change.reassignment)
    else:
        yield from _holders(change)
    if not change.impact.complete and change.reach is not Reach.UNKNOWN:
        yield Span("The platform could not say everything: counts are at least what is shown.", Ink.YELLOW)


def _holders(change: Change) -> Iterator[Span | str]:
    holders, stale = change.impact.holders, change.impact.stale
    if change.reach is Reach.UNKNOWN:
        yield Span("Whom it reaches is unknown.", Ink.YELLOW)
    elif not holders:
        yield Span("No client holds it.", Ink.DIM)
    else:
        older = f"; {number(stale)} {verb(stale, 'is', 'are')} on an older revision already" if stale else ""
        yield f"{_what_holders_get(change, counted(holders, 'client'))}{older}."


def _what_holders_get(change: Change, who: str) -> str:
    holders = change.impact.holders
    if change.reach is Reach.ON_REASSIGN:
        return f"{who} {verb(holders, 'holds', 'hold')} it; those whom this plan reassigns get the change now"
    match change.action:
        case Action.ARCHIVE:
            return f"{who} {verb(holders, 'keeps', 'keep')} it; nobody new can be assigned it"
        case Action.RENAME if not _mints_a_revision(change):
            return (
                f"{who} {verb(holders, 'holds', 'hold')} it and {verb(holders, 'notices', 'notice')} nothing"
            )
        case _:
            has = verb(holders, "it has", "they have")
            return f"{who} {verb(holders, 'keeps', 'keep')} what {has} until reassigned"


def _moves(moves: Reassignment) -> Iterator[Span | str]:
    left = ", ".join(
        f"{number(count)} from revision {revision}" for revision, count in moves.from_revisions.items()
    )
    from_where = f": {left}" if left else ""
    who = f"{counted(moves.clients, 'client')} {verb(moves.clients, 'moves', 'move')}"
    target = "the current revision" if moves.to_revision is None else f"revision {number(moves.to_revision)}"
    yield f"{who} to {target} with this apply{from_where}."
    for count, singular, plural, why in (
        (moves.remaining, "waits", "wait", " for a later run"),
        (moves.excluded, "stays", "stay", ": excluded in the file"),
        (moves.not_allowed, "stays", "stay", ": not on the list of allowed e-mails"),
    ):
        if count:
            yield f"{counted(count, 'client')} {verb(count, singular, plural)}{why}."


def _differences(change: Change, glossary: Glossary, paper: Paper) -> Iterator[str]:
    findings = {(each.code, each.subject): each for each in change.impact.findings}
    gathered = _gathered(change)
    fields = [each for each in change.fields if not _is_in_the_heading(each, change)]
    for field in by_severity(
        [each for each in fields if each.code not in gathered or each.before is not None]
    ):
        words = stated_line if change.action is Action.CREATE else field_line
        yield from _field(words(field, glossary), paper)
        finding = findings.pop((field.code, field.term.key), None)
        if finding is not None:
            yield from paper.lines(impact_line(finding, field), indent=_DIFFERENCE + _KIND_COLUMN)
    for code in gathered:
        yield from _additions([each for each in fields if each.code is code], glossary, paper)
    for finding in findings.values():
        yield from _loss(finding, change, glossary, paper)


def _is_in_the_heading(field: FieldChange, change: Change) -> bool:
    is_new_title = change.action is Action.CREATE and field.code is Code.TITLE_CHANGED
    return is_new_title or field.code.row.kind is Kind.PACKAGE


def _field(line: FieldLine, paper: Paper) -> Iterator[str]:
    label = Span(f"{line.symbol.text} {line.kind}", line.symbol.ink)
    yield from paper.lines(line.body, indent=_DIFFERENCE, label=label, column=_KIND_COLUMN)


def _gathered(change: Change) -> list[Code]:
    """Return which kinds of addition are told in one enumeration instead of a line each."""
    counts = Counter(each.code for each in change.fields if each.before is None)
    most = 0 if change.action is Action.CREATE else _ADDITIONS_SHOWN_SINGLY
    return [code for code in _ADDITIONS if counts[code] > most]


def _additions(fields: Sequence[FieldChange], glossary: Glossary, paper: Paper) -> Iterator[str]:
    new = [each for each in fields if each.before is None]
    parts = ", ".join(_addition(each, glossary) for each in new)
    noun = "feature" if new[0].code is Code.FEATURE_ADDED else "limit"
    label = Span(f"+ {counted(len(new), noun)}", Ink.GREEN)
    yield from paper.lines([parts], indent=_DIFFERENCE, label=label, column=_KIND_COLUMN)


def _addition(field: FieldChange, glossary: Glossary) -> str:
    key = field.term.key
    if field.code is Code.FEATURE_ADDED:
        return glossary.short_feature(key)
    return f"{glossary.short_limit(key)} {value(field.after)}"


def _loss(finding: ImpactFinding, change: Change, glossary: Glossary, paper: Paper) -> Iterator[str]:
    """Yield a loss that no difference of this change states, such as a reassignment's."""
    if finding.code.row.kind is Kind.PACKAGE and change.action is not Action.REASSIGN:
        yield from paper.lines(impact_line(finding), indent=_INDENT)
        return
    yield from _field(lost_line(finding, glossary), paper)
    yield from paper.lines(impact_line(finding), indent=_DIFFERENCE + _KIND_COLUMN)
