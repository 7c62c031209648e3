"""One difference in words: what sort of thing it is, what it was and will be, as a label and as a phrase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import number
from reconciler.model.terms import Kind
from reconciler.render.story.words import Span, Tone, around, chained, key, listed, title, words

if TYPE_CHECKING:
    from pydantic import JsonValue

    from reconciler.model.plans import FieldChange, ImpactFinding
    from reconciler.model.terms import Code, Term
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_EMAILS_SHOWN: Final = 3
_ARROW: Final = Span(" → ")


class Difference(Struct, frozen=True):
    """What one term was and will be; `befores` are several where people hold different amounts.

    Attributes:
        holdings: What people hold of it, where a plan counts them.
        line: Of the file that says so.
        limit: Of a feature that goes: the limit of its key, which goes with it.
    """

    code: Code
    term: Term
    befores: tuple[JsonValue, ...]
    after: JsonValue
    holdings: tuple[JsonValue, ...] = ()
    line: int | None = None
    limit: Difference | None = None

    @classmethod
    def of_field(cls, field: FieldChange, finding: ImpactFinding | None = None) -> Difference:
        """Take what the files change; who holds something else keeps or loses that."""
        holdings = finding.held if finding and finding.held else (field.before,)
        return cls(field.code, field.term, (field.before,), field.after, holdings, field.line)

    @classmethod
    def of_finding(cls, finding: ImpactFinding) -> Difference:
        """Take what people hold, where no difference of a file says it."""
        return cls(finding.code, finding.term, finding.held, finding.left, finding.held)

    @property
    def shrinks(self) -> bool:
        """Whether something of it is left, so that being above that is what hurts."""
        counted = self.code.row.counted
        return "over" in counted and (self.after is not None or "use" not in counted)

    @property
    def is_new(self) -> bool:
        """Whether there was nothing before."""
        return self.befores == (None,)

    @property
    def held(self) -> tuple[Words, ...]:
        """The amounts that people hold."""
        return tuple(amount(each) for each in self.holdings if each is not None)

    @property
    def left(self) -> Words:
        """What remains of it."""
        return amount(self.after)


class Phrased(Struct, frozen=True):
    """A difference in words; see `Fact`."""

    sign: str
    label: str
    body: Words
    statement: Words
    brief: Words


def phrased(  # noqa: PLR0911 - a return per kind
    difference: Difference, glossary: Glossary, *, is_new: bool = False
) -> Phrased:
    """Put a difference into words; of a new package, what it grants, without a comparison."""
    match difference.code.row.kind:
        case Kind.FEATURE:
            return _feature(difference, glossary)
        case Kind.LIMIT | Kind.CAP:
            return _amount(difference, glossary)
        case Kind.EXPIRY:
            return _expiry(difference, is_new=is_new)
        case Kind.GRANT:
            return _grant(difference, glossary)
        case Kind.EMAILS:
            return _emails(difference, is_new=is_new)
        case Kind.TEXT:
            return _text(difference)
        case Kind.PACKAGE:
            return _package(difference)


def amount(value: JsonValue) -> Words:
    """Return one side of a difference: numbers grouped, what is absent as `none`."""
    match value:
        case None:
            return words("none")
        case bool():
            return words("on" if value else "off")
        case int():
            return words(number(value))
        case _:
            return words(title(str(value)))


def _feature(difference: Difference, glossary: Glossary) -> Phrased:
    verb, name = difference.code.row.verb, _name(difference, glossary)
    is_loss = difference.code.row.severity.is_loss
    body = _with_key(difference, glossary)
    if difference.limit is not None:
        name, was = glossary.name(difference.term), _was(difference.limit, glossary)
        gone = words(f"{verb} ", name, " and its limit")
        return Phrased("-", "feature", words(body, " and its limit", was), words(gone, was), gone)
    return Phrased(
        "-" if is_loss else "+",
        "feature",
        body,
        words(f"{verb} ", name),
        words(f"{verb} " if is_loss else "", name),
    )


def _amount(difference: Difference, glossary: Glossary) -> Phrased:
    row, after = difference.code.row, difference.after
    label = row.cap.label if row.cap else "limit"
    name = words(row.cap.label) if row.cap else _name(difference, glossary)
    full = () if row.cap else words(_with_key(difference, glossary))
    unit = _unit(difference, glossary)
    gap = words(": ") if full else ()
    if difference.is_new:
        granted = words(amount(after), unit)
        body = words(full, gap, _strong(amount(after)), unit)
        return Phrased("+", label, body, words("grants ", name, ": ", granted), words(name, " ", granted))
    before = _before(difference)
    if after is None:
        was = _was(difference, glossary)
        body = words(full, was) if full else words("none", was)
        return Phrased("-", label, body, words("removes ", name, was), words("removes ", name))
    step = words(before, _ARROW, _strong(amount(after))) if before else words("to ", _strong(amount(after)))
    since = words(" from ", before) if before else ()
    return Phrased(
        "~",
        label,
        words(full, gap, step, unit),
        words(f"{row.verb} ", name, since, " to ", amount(after), unit),
        words(name, " ", before, _ARROW if before else "to ", amount(after)),
    )


def _expiry(difference: Difference, *, is_new: bool) -> Phrased:
    row, after = difference.code.row, _term_of(difference.after)
    label = "expiry"
    if is_new:
        body = words("after ", after)
        return Phrased("+", label, body, words("expires after ", after), words("expires after ", after))
    before = chained((_term_of(each) for each in difference.befores), " or ")
    step = words(before, _ARROW if before else "to ", _strong(after))
    if row.acknowledged_by == "ends":
        body = words("subscriptions that are over by then end at once: ", step)
        ends = words("ends subscriptions at once, since the expiry is now ", after)
        return Phrased("-", label, body, ends, words("ends subscriptions"))
    since = words(" from ", before) if before else ()
    return Phrased(
        "~",
        label,
        step,
        words(f"{row.verb} the expiry", since, " to ", after),
        words("expiry ", before, _ARROW if before else "to ", after),
    )


def _grant(difference: Difference, glossary: Glossary) -> Phrased:
    name = words("grants of ", glossary.name(difference.term))
    statement = words(f"{difference.code.row.verb} ", name)
    body = words(_with_key(difference, glossary), ": ends with the reassignment")
    return Phrased("-", "grant", body, statement, statement)


def _emails(difference: Difference, *, is_new: bool) -> Phrased:
    row, after = difference.code.row, difference.after
    before = difference.befores[0] if difference.befores else None
    brief = words(f"{row.verb} the allowed e-mails")
    if is_new:
        body = _allowed(after)
        return Phrased("+", "e-mails", body, words("may be assigned to ", body), words("for ", body))
    if isinstance(before, list) and isinstance(after, list):
        gone, new = [e for e in before if e not in after], [e for e in after if e not in before]
        body = chained((_listed("without ", gone), _listed("also ", new)), "; ")
        body = body or words("the same, masked")
        return Phrased("~", "e-mails", body, words(f"{row.verb} the allowed e-mails: ", body), brief)
    sides = _allowed(before), _allowed(after)
    statement = words(f"{row.verb} the allowed e-mails from ", sides[0], " to ", sides[1])
    return Phrased("~", "e-mails", words(sides[0], _ARROW, sides[1]), statement, brief)


def _text(difference: Difference) -> Phrased:
    noun = difference.term.key
    sides = (difference.befores[0] if difference.befores else None, difference.after)
    before, after = around(*(str(each) if each else "" for each in sides))
    if not before:
        stated = _quoted(after)
        return Phrased("+", noun, stated, words(f"states the {noun} ", stated), words(f"states a {noun}"))
    step = words(_quoted(before), _ARROW, _quoted(after))
    statement = words(f"changes the {noun} from ", _quoted(before), " to ", _quoted(after))
    return Phrased("~", noun, step, statement, words(f"another {noun}"))


def _package(difference: Difference) -> Phrased:
    row, before = difference.code.row, difference.befores[0] if difference.befores else None
    is_loss = row.severity.is_loss
    if isinstance(before, str):
        renamed = words(f"{row.verb} it from ", key(before))
        return Phrased(
            "~", "package", words("was ", key(before)), renamed, words("renamed from ", key(before))
        )
    said = words(f"{row.verb} the package")
    return Phrased("-" if is_loss else "+", "package", words(row.title), said, said)


def _name(difference: Difference, glossary: Glossary) -> Words:
    noun = difference.code.row.kind.name.lower()
    shared = f"the {noun} " if glossary.is_shared(difference.term) else ""
    return words(shared, glossary.name(difference.term))


def _with_key(difference: Difference, glossary: Glossary) -> Words:
    term = difference.term
    name = glossary.name(term)
    return name if glossary.title(term) == term.key else words(name, " (", key(term.key), ")")


def _unit(difference: Difference, glossary: Glossary) -> Words:
    cap, after = difference.code.row.cap, difference.after
    if cap and cap.per:
        return words(f" per {cap.per}")
    stated = difference.befores[-1] if after is None and difference.befores else after
    return glossary.unit(difference.term, stated)


def _was(difference: Difference, glossary: Glossary) -> Words:
    before = _before(difference)
    return words(", was ", before, _unit(difference, glossary)) if before else ()


def _before(difference: Difference) -> Words:
    return chained((amount(each) for each in difference.befores), " or ")


def _term_of(value: JsonValue) -> Words:
    return words("never") if value is None else amount(value)


def _listed(word: str, emails: list[JsonValue]) -> Words:
    return words(word, listed([key(str(e)) for e in emails], shown=_EMAILS_SHOWN)) if emails else ()


def _allowed(side: JsonValue) -> Words:
    if not isinstance(side, list):
        return words("any client")
    return words("only ", listed([key(str(email)) for email in side], shown=_EMAILS_SHOWN))


def _quoted(text: str) -> Words:
    return words("“", title(text), "”") if text else words("none")


def _strong(of: Words) -> Words:
    return tuple(span._replace(tone=Tone.STRONG) for span in of)
