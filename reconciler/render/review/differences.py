"""The differences of one change in words, worst first, each with what it does to clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.model.terms import Code, Kind, Severity
from reconciler.render.review.words import Foreign, amount, enumerated, key, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic import JsonValue

    from reconciler.model.plans import Change, FieldChange, ImpactFinding
    from reconciler.render.review.words import Words
    from reconciler.render.text.glossary import Glossary

_EMAILS_SHOWN: Final = 3
_GATHERED: Final = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that a change does to a package.

    Attributes:
        subject: Key of the feature or limit, or the name of the field.
        words: A verb phrase: `removes Audio call (audio_call)`.
        impact: What it does to clients; None where it takes nothing from anybody.
    """

    code: Code
    severity: Severity
    subject: str
    words: Words
    impact: ImpactFinding | None = None


def differences(change: Change, glossary: Glossary) -> tuple[Difference, ...]:
    """Return all of them, worst first; a loss that only a reassignment brings about is among them."""
    impacts = {(each.code, each.subject): each for each in change.impact.findings}
    found = [_of_field(field, impacts, glossary) for field in change.fields]
    told = {(each.code, each.subject) for each in found}
    found += [_of_finding(each, glossary) for where, each in impacts.items() if where not in told]
    return tuple(sorted(found, key=lambda each: each.severity.rank))


def gathered(found: tuple[Difference, ...]) -> Words:
    """Return several differences as one phrase."""
    words: list[str | Foreign] = []
    for each in found[:_GATHERED]:
        words += ["; ", *each.words] if words else [*each.words]
    more = len(found) - _GATHERED
    return [*words, f"; and {more:,} more"] if more > 0 else words


def _of_field(
    field: FieldChange, impacts: Mapping[tuple[Code, str], ImpactFinding], glossary: Glossary
) -> Difference:
    subject = "package" if field.code is Code.PACKAGE_ARCHIVED else field.term.key
    words = _phrase(field, glossary)
    return Difference(field.code, field.severity, subject, words, impacts.get((field.code, subject)))


def _of_finding(finding: ImpactFinding, glossary: Glossary) -> Difference:
    kind = finding.code.row.kind
    is_feature, is_limit = kind is Kind.FEATURE, kind is Kind.LIMIT
    name = _feature(finding.subject, glossary) if is_feature else [key(finding.subject)]
    name = _limit(finding.subject, glossary) if is_limit else name
    words = [finding.code.replace("-", " "), ": ", *name]
    return Difference(finding.code, finding.code.row.severity, finding.subject, words, finding)


def _feature(feature: str, glossary: Glossary) -> Words:
    return _named(glossary.short_feature(feature), feature)


def _limit(limit: str, glossary: Glossary) -> Words:
    return _named(glossary.short_limit(limit), limit)


def _named(title: str, subject: str) -> Words:
    return [key(subject)] if title == subject else [quoted(title), " (", key(subject), ")"]


def _feature_phrase(verb: str) -> Callable[[FieldChange, Glossary], Words]:
    return lambda field, glossary: [verb, " ", *_feature(field.term.key, glossary)]


def _limit_phrase(verb: str) -> Callable[[FieldChange, Glossary], Words]:
    def phrase(field: FieldChange, glossary: Glossary) -> Words:
        subject = field.term.key
        name = _limit(subject, glossary)
        unit = quoted(glossary.unit(subject, field.after if field.after is not None else field.before))
        if field.before is None:
            return ["grants ", *name, ": ", amount(field.after), unit]
        if field.after is None:
            return ["removes ", *name, ", was ", amount(field.before), unit]
        return [verb, " ", *name, " from ", amount(field.before), " to ", amount(field.after), unit]

    return phrase


def _cap_phrase(verb: str, noun: str) -> Callable[[FieldChange, Glossary], Words]:
    def phrase(field: FieldChange, _: Glossary) -> Words:
        if field.before is None:
            return [f"grants {noun}: ", amount(field.after)]
        return [f"{verb} {noun} from ", amount(field.before), " to ", amount(field.after)]

    return phrase


def _expiry_phrase(verb: str) -> Callable[[FieldChange, Glossary], Words]:
    def phrase(field: FieldChange, _: Glossary) -> Words:
        before, after = ("never" if side is None else amount(side) for side in (field.before, field.after))
        return [f"{verb} the expiry from ", before, " to ", after]

    return phrase


def _emails_phrase(verb: str) -> Callable[[FieldChange, Glossary], Words]:
    def phrase(field: FieldChange, _: Glossary) -> Words:
        before, after = field.before, field.after
        if not isinstance(before, list) or not isinstance(after, list):
            return [f"{verb} the allowed e-mails from ", *_allowed(before), " to ", *_allowed(after)]
        gone, new = [e for e in before if e not in after], [e for e in after if e not in before]
        return [f"{verb} the allowed e-mails: ", *_listed("without", gone), *_listed("with", new)]

    return phrase


def _listed(word: str, emails: list[JsonValue]) -> Words:
    marked = [key(str(email)) for email in emails]
    return [f"{word} ", *enumerated(marked, shown=_EMAILS_SHOWN), " "] if marked else []


def _allowed(side: JsonValue) -> Words:
    if not isinstance(side, list):
        return ["any client"]
    return enumerated([key(str(email)) for email in side], shown=_EMAILS_SHOWN)


def _text_phrase(noun: str) -> Callable[[FieldChange, Glossary], Words]:
    def phrase(field: FieldChange, _: Glossary) -> Words:
        sides = (["none"] if not side else ["“", amount(side), "”"] for side in (field.before, field.after))
        before, after = sides
        return [f"changes the {noun} from ", *before, " to ", *after]

    return phrase


def _phrase(field: FieldChange, glossary: Glossary) -> Words:
    row = field.code.row
    match row.kind:
        case Kind.FEATURE:
            return _feature_phrase(row.verb)(field, glossary)
        case Kind.LIMIT:
            return _limit_phrase(row.verb)(field, glossary)
        case Kind.CAP:
            return _cap_phrase(row.verb, row.cap.label if row.cap else field.term.key)(field, glossary)
        case Kind.EXPIRY | Kind.EMAILS | Kind.TEXT | Kind.PACKAGE:
            return _other_phrase(field, glossary)


def _other_phrase(field: FieldChange, glossary: Glossary) -> Words:
    row, subject = field.code.row, field.term.key
    match row.kind:
        case Kind.EXPIRY:
            return _expiry_phrase(row.verb)(field, glossary)
        case Kind.EMAILS:
            return _emails_phrase(row.verb)(field, glossary)
        case Kind.TEXT:
            return _text_phrase(subject)(field, glossary)
        case _ if subject == "key":
            return ["renames it from ", key(str(field.before))]
        case _:
            return [f"{row.verb} the package"]
