"""One difference of a package in words: a symbol, what kind of thing, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.model.terms import Code, Kind, Severity
from reconciler.render.text.ink import Ink, Span
from reconciler.render.text.phrases import clipped, number, several

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from reconciler.model.plans import FieldChange, ImpactFinding
    from reconciler.model.terms import Term
    from reconciler.render.text.glossary import Glossary

_EMAILS_SHOWN: Final = 3
_LABELS: Final[Mapping[Kind, str]] = {
    Kind.FEATURE: "feature",
    Kind.LIMIT: "limit",
    Kind.EXPIRY: "expiry",
    Kind.EMAILS: "e-mails",
    Kind.PACKAGE: "package",
}


class FieldLine(NamedTuple):
    """What a field's first line says; `kind` names the sort of thing that changes."""

    symbol: Span
    kind: str
    body: Sequence[Span | str]


def field_line(change: FieldChange, glossary: Glossary) -> FieldLine:
    """Put the difference into words."""
    return FieldLine(_symbol(change), label_of(change.code, change.term), _body(change, glossary))


def stated_line(change: FieldChange, glossary: Glossary) -> FieldLine:
    """Put what a new package grants into words; before it there was nothing to compare with."""
    body = _body(change, glossary)
    match change.code.row.kind:
        case Kind.EXPIRY:
            body = [f"after {value(change.after)}"]
        case Kind.EMAILS:
            body = [_allowed(change.after)]
        case _:
            pass
    return FieldLine(Span("+", Ink.GREEN), label_of(change.code, change.term), body)


def lost_line(finding: ImpactFinding, glossary: Glossary) -> FieldLine:
    """Put into words a loss of which only the kind and the subject are known."""
    kind, subject = finding.code.row.kind, finding.subject
    name = {Kind.FEATURE: glossary.feature, Kind.LIMIT: glossary.limit}.get(kind)
    verb = finding.code.rpartition("-")[2]
    body = f"{name(subject)} {verb}" if name else verb
    return FieldLine(Span("-", Ink.RED), label_of(finding.code, finding.term), [body])


def label_of(code: Code, term: Term) -> str:
    """Return what sort of thing differs, in a word or two."""
    row = code.row
    return row.cap.label if row.cap else _LABELS.get(row.kind, term.key)


def _body(change: FieldChange, glossary: Glossary) -> Sequence[Span | str]:
    subject = change.term.key
    match change.code.row.kind:
        case Kind.FEATURE:
            return [glossary.feature(subject)]
        case Kind.LIMIT:
            return _limit(change, subject, glossary)
        case Kind.EXPIRY:
            return _expiry(change)
        case Kind.EMAILS:
            return [_emails(change)]
        case Kind.TEXT:
            return _texts(change)
        case Kind.CAP | Kind.PACKAGE:
            return _step(change)


def value(of: JsonValue) -> str:
    """Return one side of a difference in words."""
    match of:
        case None:
            return "none"
        case bool():
            return "on" if of else "off"
        case int():
            return number(of)
        case list():
            return several([str(each) for each in of], len(of), _EMAILS_SHOWN)
        case _:
            return str(of)


def _symbol(change: FieldChange) -> Span:
    if change.before is None or change.code is Code.FEATURE_ADDED:
        return Span("+", Ink.GREEN)
    if change.after is None:
        return Span("-", Ink.RED)
    return Span("~", Ink.YELLOW if change.severity.is_loss else Ink.PLAIN)


def _limit(change: FieldChange, subject: str, glossary: Glossary) -> Sequence[Span | str]:
    name = glossary.limit(subject)
    if change.before is None:
        return [f"{name}: ", value(change.after), glossary.unit(subject, change.after)]
    if change.after is None:
        return [f"{name}, was ", value(change.before), glossary.unit(subject, change.before)]
    return [f"{name}: ", *_step(change), glossary.unit(subject, change.after)]


def _step(change: FieldChange) -> Sequence[Span | str]:
    if change.before is None:
        return [Span(value(change.after), Ink.BOLD)]
    return [value(change.before), " → ", Span(value(change.after), Ink.BOLD)]


def _expiry(change: FieldChange) -> Sequence[Span | str]:
    before, after = (
        "never" if side is None else f"after {value(side)}" for side in (change.before, change.after)
    )
    return [before, " → ", Span(after, Ink.BOLD)]


def _texts(change: FieldChange) -> Sequence[Span | str]:
    if change.before is None:
        return [_quoted(change.after)]
    return [_quoted(change.before), " → ", Span(_quoted(change.after), Ink.BOLD)]


def _quoted(text: JsonValue) -> str:
    return f"“{clipped(value(text))}”" if text else "none"


def _emails(change: FieldChange) -> str:
    before, after = change.before, change.after
    if not isinstance(before, list) or not isinstance(after, list):
        return f"{_allowed(before)} → {_allowed(after)}"
    gone = [str(each) for each in before if each not in after]
    new = [str(each) for each in after if each not in before]
    parts = [f"without {several(gone, len(gone), _EMAILS_SHOWN)}" if gone else ""]
    parts.append(f"also {several(new, len(new), _EMAILS_SHOWN)}" if new else "")
    return "; ".join(part for part in parts if part) or "the same, masked"


def _allowed(side: JsonValue) -> str:
    return f"only {value(side)}" if isinstance(side, list) else "any client"


def by_severity(fields: Sequence[FieldChange]) -> list[FieldChange]:
    """Return the fields, worst first, else in the plan's order."""
    ranks = {severity: severity.rank for severity in Severity}
    return sorted(fields, key=lambda field: ranks[field.severity])
