"""What another definition would bring one client, in words: what it uses of a loss, and what starts anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.model.english import instant, number
from reconciler.model.terms import CAPS, Kind, Term
from reconciler.render.story.phrasing import Difference, phrased
from reconciler.render.story.words import Tone, chained, key, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from reconciler.model.plans import FieldChange
    from reconciler.model.prospects import Assignment, Prospect
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words


class Brought(NamedTuple):
    """One loss or gain: a sign and a kind, and what it is."""

    label: Words
    body: Words


def brought(fields: Iterable[FieldChange], prospect: Prospect, glossary: Glossary) -> Iterator[Brought]:
    """Yield what these differences of the prospect bring, worst first."""
    for field in sorted(fields, key=lambda each: each.severity.rank):
        said = phrased(Difference.of_field(field), glossary)
        tone = Tone.ALARM if field.severity.is_loss else Tone.GOOD
        remark = words(_remark(field, prospect), tone=Tone.CAUTION)
        yield Brought(words(f"{said.sign} {said.label}", tone=tone), words(said.body, remark))


def _remark(field: FieldChange, prospect: Prospect) -> str:
    subject = field.term.key
    parts = []
    if field.severity.is_loss and subject in prospect.used:
        parts.append(f"{number(prospect.used[subject])} used in this cycle")
    if field.path in prospect.over:
        parts.append("over the new cap: nothing is deleted, new use is refused")
    if field.code.row.kind is Kind.EXPIRY:
        parts.append(ending(prospect.expires_at))
        parts.append("which is over already" if prospect.is_expired else "")
    said = "; ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def ending(at: datetime | None) -> str:
    """Say when a subscription ends."""
    return "never ends" if at is None else f"ends {instant(at)}"


def holdings(assignment: Assignment) -> Iterator[tuple[str, Words]]:
    """Yield what the client holds now and what it would hold, each with its term."""
    held = assignment.client.subscription
    status = "" if held.status == "active" else f"; it is {held.status} and entitles to nothing"
    term = f"assigned {instant(held.assigned_at)}, {ending(held.expires_at)}{status}"
    yield "now", words(key(held.package), f" revision {held.revision}, {term}")
    end = ending(assignment.prospect.expires_at)
    start = instant(assignment.assigned_at)
    yield "then", words(key(assignment.package), f" revision {assignment.revision}, assigned {start}, {end}")


def outlook(assignment: Assignment, glossary: Glossary) -> Iterator[Words]:
    """Yield what is to be known beside losses and gains: what stays the same, and what starts anew."""
    if assignment.is_held:
        yield words("It holds this revision already: only what starts anew would change.")
    elif not assignment.prospect.fields:
        yield words("It loses nothing and gains nothing.")
    restarted = _meters(assignment.restarted, glossary)
    used = words("; back to 0: ", restarted) if restarted else words("; nothing was used in this one")
    yield words("Starts anew: the expiry and the billing cycle", used, ".")


def _meters(used: Mapping[str, int], glossary: Glossary) -> Words:
    parts = (words(_name(meter, glossary), f" ({number(amount)} used)") for meter, amount in used.items())
    return chained(parts, ", ")


def _name(meter: str, glossary: Glossary) -> Words:
    if meter in CAPS:
        return words(CAPS[meter].label)
    feature = Term("features", meter)
    return glossary.name(feature if feature.path in glossary.terms else Term("limits", meter))
