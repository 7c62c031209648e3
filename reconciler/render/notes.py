"""Notes to clients: plain sentences for people who know nothing of revisions and plans.

Foreign text is quoted for its medium: Markdown, or a mailer that takes plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from reconciler.model.english import counted, day, number
from reconciler.model.terms import CAPS, Kind, Term
from reconciler.render.markdown.escape import code, escape_line
from reconciler.render.story.phrasing import amount
from reconciler.render.story.words import words, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from reconciler.model.grants import Grant
    from reconciler.model.plans import FieldChange
    from reconciler.planning.notes import Note
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

Quote: TypeAlias = "Callable[[str], str]"


class Letter(Struct, frozen=True):
    """A note in words.

    Attributes:
        sections: Each a heading and its sentence parts, ready for a list; never without any.
    """

    subject: str
    opening: str
    sections: tuple[tuple[str, tuple[str, ...]], ...]


def letter(note: Note, glossary: Glossary, quote: Quote) -> Letter:
    """Put the note into words."""
    would = "" if note.moves else " would"
    ends = f"ends on {day(note.on)}" if note.moves else "would end with that move"
    lost, gained = tuple(_told_losses(note, glossary)), note.prospect.gains
    sections = (
        (f"What you{would} lose:", tuple(_Part(note, each, glossary, quote).text() for each in lost)),
        (f"This was granted to you beside your package, and {ends}:", _ending(note, lost, glossary, quote)),
        (f"What you{would} gain:", tuple(_Part(note, each, glossary, quote).text() for each in gained)),
    )
    return Letter(
        subject=_subject(note, quote),
        opening=_opening(note, quote),
        sections=tuple((heading, parts) for heading, parts in sections if parts),
    )


def notes_markdown(notes: Iterable[Note], glossary: Glossary) -> Iterator[str]:
    """Yield the document's lines as the notes come; one line says so where there are none."""
    is_empty = True
    for note in notes:
        is_empty = False
        yield from _section(note, glossary)
    if is_empty:
        yield "No client is to be told anything: nobody loses anything now."


def _subject(note: Note, quote: Quote) -> str:
    if note.to_title is not None:
        return f"You move from the package “{quote(note.title)}” to “{quote(note.to_title)}”"
    verb = "is no longer sold" if note.is_archived else "changes"
    return f"Your package “{quote(note.title)}” {verb}"


def _opening(note: Note, quote: Quote) -> str:
    on, called = day(note.on), quote(note.title)
    if note.to_title is not None:
        anew = " Your subscription and its billing cycle start anew that day." if note.starts_anew else ""
        return f"On {on}, you move from the package “{called}” to “{quote(note.to_title)}”.{anew}"
    if note.moves:
        return f"On {on}, your package “{called}” changes."
    keep = "You keep what you have"
    if note.is_archived:
        return f"From {on} on, your package “{called}” is no longer sold. {keep}."
    return (
        f"From {on} on, new clients get another version of your package “{called}”. {keep} until your "
        "subscription is moved to that version."
    )


def _told_losses(note: Note, glossary: Glossary) -> Iterator[FieldChange]:
    """Leave out limits that go with their feature: the feature says it."""
    gone = {field.term for field in note.prospect.losses if field.code.row.kind is Kind.FEATURE}
    for field in note.prospect.losses:
        feature = glossary.owners.get(field.term.key) if field.code.row.kind is Kind.LIMIT else None
        if field.after is not None or feature is None or Term("features", feature) not in gone:
            yield field


def _ending(note: Note, lost: Iterable[FieldChange], glossary: Glossary, quote: Quote) -> tuple[str, ...]:
    """Say which grants end with the move: `2 team members on top`."""
    told = {field.term for field in lost}
    return tuple(_granted(each, glossary, quote) for each in note.ending if Term.named(each.term) in told)


def _granted(grant: Grant, glossary: Glossary, quote: Quote) -> str:
    term = Term.named(grant.term)
    if term.section == "features":
        return quote(glossary.title(term))
    is_least = grant.set_to is not None
    given, least = (grant.set_to, "at least ") if is_least else (grant.left, "")
    beside = "" if is_least else " on top once" if grant.once else " on top"
    cap = CAPS.get(term.key)
    counted_in = cap.unit if cap and given == 1 else cap.units if cap else ""
    unit = (
        words(f" {counted_in}", f" per {cap.per}" if cap.per else "") if cap else glossary.unit(term, given)
    )
    told = written(words(least, amount(given), unit, beside), lambda span: quote(span.text))
    return told if cap else f"{quote(glossary.title(term))}: {told}"


class _Part(Struct, frozen=True):
    """One loss or gain of one client, as a part of a sentence."""

    note: Note
    field: FieldChange
    glossary: Glossary
    quote: Quote

    def text(self) -> str:
        match self.field.code.row.kind:
            case Kind.FEATURE:
                return self._name() + self._times()
            case Kind.LIMIT:
                left = self.field.after if self.field.after is not None else self.field.before
                unit = self.glossary.unit(self.field.term, left)
                return f"{self._name()}: {self._step(unit)}{self._over('more can be used')}"
            case Kind.CAP:
                return self._cap()
            case Kind.EXPIRY | Kind.EMAILS | Kind.GRANT | Kind.TEXT | Kind.PACKAGE:
                return self._ending()

    def _written(self, sentence: Words) -> str:
        return written(sentence, lambda span: self.quote(span.text))

    def _name(self) -> str:
        return self.quote(self.glossary.title(self.field.term))

    def _cap(self) -> str:
        cap = self.field.code.row.cap
        if cap is None:
            raise AssertionError(self.field.code)
        per = words(f" per {cap.per}" if cap.per else "")
        more = "members can be added" if cap.metered == "users" else "more can be used"
        if self.field.after is None:
            return f"No {cap.units} any more{self._instead(per)}{self._over(more)}"
        return f"{self._step(words(f' {cap.units}', per))}{self._over(more)}"

    def _step(self, unit: Words) -> str:
        """Say what there will be and instead of what: `5 team members instead of 9`."""
        before, after = self.field.before, self.field.after
        if after is None:
            return f"none any more{self._instead(unit)}"
        told = words(amount(after), unit)
        return self._written(told if before is None else words(told, " instead of ", amount(before)))

    def _instead(self, unit: Words) -> str:
        return self._written(words(", instead of ", amount(self.field.before), unit))

    def _times(self) -> str:
        used = self.note.prospect.used.get(self.field.term.key, 0)
        is_loss = self.field.severity.is_loss
        return f" (used {counted(used, 'time')} in this cycle)" if used and is_loss else ""

    def _over(self, what: str) -> str:
        field = self.field
        if field.path not in self.note.prospect.over:
            return ""
        cap = field.code.row.cap
        have = "have" if cap is not None and cap.metered == "users" else "have used"
        used = number(self.note.client.used(field.term.key))
        until = "" if field.after is None else " until you are below"
        return f". You {have} {used}: nothing is taken away, but no {what}{until}"

    def _ending(self) -> str:
        ends = self.note.prospect.expires_at
        if ends is None:
            return "Your subscription no longer ends"
        tense = "has ended" if self.note.prospect.is_expired else "ends"
        return (
            f"Your subscription {tense} on {day(ends)}, {_before(self.note.client.subscription.expires_at)}"
        )


def _before(ends: datetime | None) -> str:
    return "and would not have ended" if ends is None else f"not on {day(ends)}"


def _section(note: Note, glossary: Glossary) -> Iterator[str]:
    client, told = note.client, letter(note, glossary, escape_line)
    yield f"## {escape_line(client.name)}"
    yield ""
    yield f"To {code(client.owner_email)} (client {code(client.id)})"
    yield ""
    yield told.opening
    for heading, parts in told.sections:
        yield ""
        yield heading
        yield ""
        yield from (f"- {part}." for part in parts)
    yield ""
