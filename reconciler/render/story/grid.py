"""Changed packages beside each other: what each grants before and after, as far as it is known."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import agreed, counted
from reconciler.model.plans import Action
from reconciler.model.terms import CAPS, Kind, Term
from reconciler.render.story.phrasing import amount
from reconciler.render.story.words import Tone, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import JsonValue

    from reconciler.model.packages import Definition
    from reconciler.model.plans import FieldChange, Plan
    from reconciler.render.story.entries import Group
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.story.words import Words

_MOST_COLUMNS: Final = 12
_MOST_ROWS: Final = 120
_COMPARED: Final = frozenset({Kind.FEATURE, Kind.LIMIT, Kind.CAP, Kind.EXPIRY})
_EXPIRY: Final = Term("", "expiry")


class State(Enum):
    """What a cell shows."""

    GAINED = "gained"
    LOST = "lost"
    RAISED = "raised"
    LOWERED = "lowered"
    SAME = "same"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Cell(Struct, frozen=True):
    """What one package grants of one thing; `before` is empty where nothing changes.

    Attributes:
        tone: What it means to people: what nobody holds is lost quietly.
    """

    state: State
    before: Words = ()
    after: Words = ()
    tone: Tone = Tone.PLAIN


class Row(Struct, frozen=True):
    """One feature, limit, cap or the expiry over all packages shown."""

    name: Words
    cells: tuple[Cell, ...]


class Grid(Struct, frozen=True):
    """Rows by columns: those first where something changes; `hidden` counts packages without a column."""

    columns: tuple[str, ...] = ()
    changed: tuple[Row, ...] = ()
    unchanged: tuple[Row, ...] = ()
    hidden: int = 0

    @property
    def rest(self) -> str:
        """Say how many rows there are without a change."""
        count = len(self.unchanged)
        return f"{counted(count, 'row')} {agreed(count, 'stays as it is', 'stay as they are')}"

    @property
    def more(self) -> str:
        """Say how many packages have no column."""
        return f"{counted(self.hidden, 'more changed package')} {agreed(self.hidden, 'is', 'are')} below."


class _Column(Struct, frozen=True):
    group: Group
    fields: Mapping[Term, FieldChange]
    granted: Mapping[Term, JsonValue] | None
    is_new: bool

    def cell(self, term: Term) -> Cell:
        if term in self.fields:
            return _changed(self.fields[term], self.group.level.tone, is_new=self.is_new)
        if self.granted is None:
            return Cell(State.UNKNOWN)
        value = self.granted.get(term)
        return Cell(State.ABSENT) if value is None else Cell(State.SAME, after=amount(value))


def grid(
    plan: Plan, groups: Sequence[Group], glossary: Glossary, definitions: Mapping[str, Definition]
) -> Grid:
    """Compare the changed packages, worst first.

    `definitions` are what the files say, by key; cells of a package without one show only what changes.
    """
    fields = {change.key: change.fields for change in plan.changes if any(map(_is_compared, change.fields))}
    new = {change.key for change in plan.changes if change.action is Action.CREATE}
    shown = [group for group in groups if group.key in fields]
    columns = [
        _Column(
            each,
            {field.term: field for field in filter(_is_compared, fields[each.key])},
            _known(definitions.get(each.key), is_new=each.key in new),
            each.key in new,
        )
        for each in shown[:_MOST_COLUMNS]
    ]
    touched = {term for column in columns for term in column.fields}
    others = {term for column in columns for term in column.granted or ()} - touched
    return Grid(
        tuple(column.group.key for column in columns),
        tuple(_rows(touched, columns, glossary)),
        tuple(_rows(others, columns, glossary)),
        max(0, len(shown) - _MOST_COLUMNS),
    )


def _is_compared(field: FieldChange) -> bool:
    return field.code.row.kind in _COMPARED


def _known(definition: Definition | None, *, is_new: bool) -> Mapping[Term, JsonValue] | None:
    if definition is None:
        return {} if is_new else None
    return dict(_granted(definition))


def _granted(definition: Definition) -> Iterator[tuple[Term, JsonValue]]:
    yield from ((Term("features", each), True) for each in definition.features)
    yield from ((Term("limits", each), cap) for each, cap in definition.limits.items())
    yield from ((Term("", each), cap) for each, cap in definition.caps.items())
    yield _EXPIRY, str(definition.expiry) if definition.expiry else None


def _rows(terms: set[Term], columns: Sequence[_Column], glossary: Glossary) -> Iterator[Row]:
    for term in sorted(terms, key=_place)[:_MOST_ROWS]:
        yield Row(_name(term, glossary), tuple(column.cell(term) for column in columns))


def _place(term: Term) -> tuple[bool, str, str]:
    return (not term.section, *term)


def _name(term: Term, glossary: Glossary) -> Words:
    if term == _EXPIRY:
        return words("Expires after")
    if term.key in CAPS and not term.section:
        return words(CAPS[term.key].title)
    shared = f" ({term.section.removesuffix('s')})" if glossary.is_shared(term) else ""
    return words(glossary.name(term), shared)


def _changed(change: FieldChange, felt: Tone, *, is_new: bool) -> Cell:
    before = () if is_new else _side(change.term, change.before)
    after = _side(change.term, change.after)
    is_loss = change.code.row.severity.is_loss
    tone = felt if is_loss else Tone.GOOD
    if not before:
        return Cell(State.GAINED, after=after, tone=tone)
    if not after:
        return Cell(State.LOST, before, tone=tone)
    return Cell(State.LOWERED if is_loss else State.RAISED, before, after, tone)


def _side(term: Term, value: JsonValue) -> Words:
    if value is None:
        return words("never") if term == _EXPIRY else ()
    return amount(value)
