"""The words of a note, for people who know nothing of revisions and plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.terms import Code, Kind
from reconciler.render.text.fields import value
from reconciler.render.text.phrases import counted, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from reconciler.model.plans import FieldChange
    from reconciler.planning.notes import Note
    from reconciler.render.text.glossary import Glossary

Quote: TypeAlias = "Callable[[str], str]"


@dataclass(frozen=True, slots=True)
class Letter:
    """A note in words.

    Attributes:
        losses: One sentence part each, ready for a list.
        gains: The same.
    """

    subject: str
    opening: str
    losses_heading: str
    losses: tuple[str, ...]
    gains_heading: str
    gains: tuple[str, ...]


def letter(note: Note, glossary: Glossary, quote: Quote) -> Letter:
    """Put the note into words."""
    words = _Words(note, glossary, quote)
    would = "" if note.moves else " would"
    return Letter(
        subject=words.subject(),
        opening=words.opening(),
        losses_heading=f"What you{would} lose:",
        losses=tuple(words.losses()),
        gains_heading=f"What you{would} gain:",
        gains=tuple(words.gains()),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    note: Note
    glossary: Glossary
    quote: Quote

    def subject(self) -> str:
        verb = "is no longer sold" if self.note.is_archived else "changes"
        return f"Your package “{self.quote(self.note.title)}” {verb}"

    def opening(self) -> str:
        day, title = _day(self.note.on), self.quote(self.note.title)
        if self.note.moves:
            return f"On {day}, your package “{title}” changes."
        keep = "You keep what you have"
        if self.note.is_archived:
            return f"From {day} on, your package “{title}” is no longer sold. {keep}."
        return (
            f"From {day} on, new clients get another version of your package “{title}”. {keep} until your "
            "subscription is moved to that version."
        )

    def losses(self) -> Iterator[str]:
        gone = {field.term.key for field in self.note.losses if field.code is Code.FEATURE_REMOVED}
        for field in self.note.losses:
            if field.code is not Code.LIMIT_REMOVED or self._feature_of(field.term.key) not in gone:
                yield self._part(field)

    def gains(self) -> Iterator[str]:
        return map(self._part, self.note.gains)

    def _feature_of(self, limit: str) -> str | None:
        known = self.glossary.catalog.limits.get(limit)
        return known.feature if known else None

    def _part(self, field: FieldChange) -> str:
        subject = field.term.key
        row = field.code.row
        match row.kind:
            case Kind.FEATURE:
                return self.quote(self.glossary.short_feature(subject)) + self._times(field)
            case Kind.LIMIT:
                return f"{self._limit(field)}{self._over(field, 'more can be used')}"
            case Kind.CAP if row.cap is not None:
                per = " per cycle" if row.cap.per else ""
                more = "members can be added" if row.cap.metered == "users" else "more can be used"
                return f"{_step(field, f' {row.cap.units}{per}')}{self._over(field, more)}"
            case _:
                return self._ending()

    def _limit(self, field: FieldChange) -> str:
        subject = field.term.key
        name = self.quote(self.glossary.short_limit(subject))
        unit = self.glossary.unit(subject, field.after).strip()
        return f"{name}: {_step(field, f' {self.quote(unit)}' if unit else '')}"

    def _times(self, field: FieldChange) -> str:
        used = self.note.prospect.used.get(field.term.key, 0)
        return f" (used {counted(used, 'time')} in this cycle)" if used and field.severity.is_loss else ""

    def _over(self, field: FieldChange, what: str) -> str:
        if field.path not in self.note.prospect.over:
            return ""
        cap = field.code.row.cap
        is_team = cap is not None and cap.metered == "users"
        used = self.note.client.used(field.term.key)
        verb = "have" if is_team else "have used"
        return f". You {verb} {number(used)}: nothing is taken away, but no {what} until you are below"

    def _ending(self) -> str:
        ends = self.note.prospect.expires_at
        if ends is None:
            return "Your subscription no longer ends"
        tense = "has ended" if self.note.prospect.is_expired else "ends"
        return (
            f"Your subscription {tense} on {_day(ends)}, {_before(self.note.client.subscription.expires_at)}"
        )


def _before(ends: datetime | None) -> str:
    return "and would not have ended" if ends is None else f"not on {_day(ends)}"


def _step(field: FieldChange, unit: str) -> str:
    after = "none" if field.after is None else f"{value(field.after)}{unit}"
    return after if field.before is None else f"{after} instead of {value(field.before)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
