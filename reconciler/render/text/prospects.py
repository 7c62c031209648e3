"""What another definition would bring one client, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.story.grants import adjustment_outlook, done, ends_of
from reconciler.render.story.prospects import brought, holdings, outlook
from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plans import FieldChange
    from reconciler.model.prospects import Adjusted, Assignment, Prospect
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_COLUMN: Final = 14


def prospect_lines(
    fields: Iterable[FieldChange], prospect: Prospect, glossary: Glossary, paper: Paper
) -> Iterator[str]:
    """Yield a line per difference, worst first."""
    for each in brought(fields, prospect, glossary):
        (label,) = each.label
        yield from paper.lines(each.body, indent=2, label=label, column=_COLUMN)


def assignment_text(assignment: Assignment, glossary: Glossary, paper: Paper) -> str:
    """Return what giving the client the package would do to it."""
    return "\n".join(_assignment(assignment, glossary, paper)) + "\n"


def adjustment_text(adjusted: Adjusted, prospect: Prospect, glossary: Glossary, paper: Paper) -> str:
    """Return what granting the client something, revoking it or extending its subscription would do."""
    return "\n".join(_adjustment(adjusted, prospect, glossary, paper)) + "\n"


def _adjustment(adjusted: Adjusted, prospect: Prospect, glossary: Glossary, paper: Paper) -> Iterator[str]:
    yield from paper.lines([Span(adjusted.before.id, Tone.STRONG), f" {adjusted.before.name}"])
    for label, body in ends_of(adjusted):
        yield from paper.lines(body, indent=2, label=Span(label, Tone.QUIET), column=_COLUMN)
    yield from _brought(prospect, glossary, paper)
    for sentence in adjustment_outlook(adjusted, prospect, glossary):
        yield from paper.lines(sentence)


def adjusted_text(adjusted: Adjusted, glossary: Glossary, paper: Paper) -> str:
    """Return what was done."""
    return "\n".join(line for each in done(adjusted, glossary) for line in paper.lines(each)) + "\n"


def _brought(prospect: Prospect, glossary: Glossary, paper: Paper) -> Iterator[str]:
    for heading, fields in (("Loses", prospect.losses), ("Gains", prospect.gains)):
        if fields:
            yield from paper.lines([Span(f"{heading}:", Tone.STRONG)])
            yield from prospect_lines(fields, prospect, glossary, paper)


def _assignment(assignment: Assignment, glossary: Glossary, paper: Paper) -> Iterator[str]:
    client = assignment.client
    yield from paper.lines([Span(client.id, Tone.STRONG), f" {client.name}"])
    for label, body in holdings(assignment):
        yield from paper.lines(body, indent=2, label=Span(label, Tone.QUIET), column=_COLUMN)
    yield from _brought(assignment.prospect, glossary, paper)
    for sentence in outlook(assignment, glossary):
        yield from paper.lines(sentence)
