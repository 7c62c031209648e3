"""One difference of a package in words: a symbol, what kind of thing, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from reconciler.model.plans import Code, Severity
from reconciler.render.text.ink import Ink, Span
from reconciler.render.text.phrases import clipped, number, several

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from reconciler.model.plans import FieldChange
    from reconciler.render.text.glossary import Glossary

Kind: TypeAlias = Literal[
    "feature", "limit", "users", "AI credits", "expiry", "e-mails", "title", "description", "package"
]

_EMAILS_SHOWN: Final = 3
_KINDS: Final[Mapping[Code, Kind]] = {
    Code.FEATURE_REMOVED: "feature",
    Code.FEATURE_ADDED: "feature",
    Code.LIMIT_LOWERED: "limit",
    Code.LIMIT_RAISED: "limit",
    Code.LIMIT_REMOVED: "limit",
    Code.USER_COUNT_LOWERED: "users",
    Code.USER_COUNT_RAISED: "users",
    Code.AI_CREDITS_LOWERED: "AI credits",
    Code.AI_CREDITS_RAISED: "AI credits",
    Code.EXPIRY_SHORTENED: "expiry",
    Code.EXPIRY_EXTENDED: "expiry",
    Code.EMAILS_NARROWED: "e-mails",
    Code.EMAILS_WIDENED: "e-mails",
    Code.TITLE_CHANGED: "title",
    Code.DESCRIPTION_CHANGED: "description",
    Code.PACKAGE_ARCHIVED: "package",
    Code.PACKAGE_RESTORED: "package",
    Code.PACKAGE_RENAMED: "package",
}


class FieldLine(NamedTuple):
    """What a field's first line says; `kind` names the sort of thing that changes."""

    symbol: Span
    kind: Kind
    body: Sequence[Span | str]


def subject_of(path: str) -> str:
    """Return what a JSON Pointer into a package ends at, unescaped."""
    return path.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def field_line(change: FieldChange, glossary: Glossary) -> FieldLine:
    """Put the difference into words."""
    return FieldLine(_symbol(change), _KINDS[change.code], _body(change, subject_of(change.path), glossary))


def stated_line(change: FieldChange, glossary: Glossary) -> FieldLine:
    """Put what a new package grants into words; before it there was nothing to compare with."""
    kind = _KINDS[change.code]
    body = _body(change, subject_of(change.path), glossary)
    if kind == "expiry":
        body = [f"after {value(change.after)}"]
    elif kind == "e-mails":
        body = [_allowed(change.after)]
    return FieldLine(Span("+", Ink.GREEN), kind, body)


def lost_line(code: Code, subject: str, glossary: Glossary) -> FieldLine:
    """Put into words a loss of which only the kind and the subject are known."""
    kind = _KINDS[code]
    name = {"feature": glossary.feature, "limit": glossary.limit}.get(kind)
    verb = code.rpartition("-")[2]
    return FieldLine(Span("-", Ink.RED), kind, [f"{name(subject)} {verb}" if name else verb])


def _body(change: FieldChange, subject: str, glossary: Glossary) -> Sequence[Span | str]:
    match _KINDS[change.code]:
        case "feature":
            return [glossary.feature(subject)]
        case "limit":
            return _limit(change, subject, glossary)
        case "expiry":
            return _expiry(change)
        case "e-mails":
            return [_emails(change)]
        case "title" | "description":
            return _texts(change)
        case "users" | "AI credits" | "package":
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
