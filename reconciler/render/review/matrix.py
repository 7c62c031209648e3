"""Changed packages beside each other: what each grants before and after, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from reconciler.model.plans import Action
from reconciler.model.terms import CAPS, Term
from reconciler.render.review.words import amount, key, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import JsonValue

    from reconciler.model.packages import Definition
    from reconciler.model.plans import Change, FieldChange, Plan
    from reconciler.render.review.words import Words
    from reconciler.render.text.glossary import Glossary

_MOST_COLUMNS: Final = 12
_MOST_ROWS: Final = 120
_CAPS: Final = {**{key: cap.title for key, cap in CAPS.items()}, "expiry": "Expires after"}


class State(Enum):
    """What a cell shows."""

    GAINED = "gained"
    LOST = "lost"
    RAISED = "raised"
    LOWERED = "lowered"
    SAME = "same"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one package grants of one thing; `before` is empty where nothing changes."""

    state: State
    before: Words = ()
    after: Words = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One feature, limit or other cap over all packages shown."""

    name: Words
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by columns; `hidden` counts the changed packages that there is no column for."""

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class _Column:
    key: str
    fields: Mapping[str, FieldChange]
    definition: Mapping[str, JsonValue] | None = field(default=None)

    def cell(self, path: str) -> Cell:
        if path in self.fields:
            return _changed(self.fields[path])
        if self.definition is None:
            return Cell(State.UNKNOWN)
        value = self.definition.get(path)
        return Cell(State.ABSENT) if value is None else Cell(State.SAME, after=[amount(value)])


def matrix(plan: Plan, glossary: Glossary, definitions: Mapping[str, Definition]) -> Matrix:
    """Compare the changed packages.

    `definitions` are what the files say, by key; cells of a package without one show only what changes.
    """
    changed = sorted(
        (change for change in plan.changes if change.action is not Action.REASSIGN and _caps_of(change)),
        key=lambda change: (change.severity.rank, change.key),
    )
    columns = [_column(change, definitions.get(change.key)) for change in changed[:_MOST_COLUMNS]]
    rows = tuple(_rows(columns, glossary))
    return Matrix(tuple(column.key for column in columns), rows, max(0, len(changed) - _MOST_COLUMNS))


def _caps_of(change: Change) -> dict[str, FieldChange]:
    compared = ("/features/", "/limits/", *(f"/{cap}" for cap in _CAPS))
    return {each.path: each for each in change.fields if each.path.startswith(compared)}


def _column(change: Change, definition: Definition | None) -> _Column:
    granted = None if definition is None else dict(_granted(definition))
    if change.action is Action.CREATE:
        granted = granted or {}
    return _Column(change.key, _caps_of(change), granted)


def _granted(definition: Definition) -> Iterator[tuple[str, JsonValue]]:
    yield from ((f"/features/{each}", True) for each in definition.features)
    yield from ((f"/limits/{each}", cap) for each, cap in definition.limits.items())
    yield from ((f"/{each}", cap) for each, cap in definition.caps.items())
    yield "/expiry", str(definition.expiry) if definition.expiry else None


def _rows(columns: Sequence[_Column], glossary: Glossary) -> Iterator[Row]:
    named = {path for column in columns for path in (*column.fields, *(column.definition or ()))}
    touched = {path for column in columns for path in column.fields}
    paths = named if len(named) <= _MOST_ROWS else touched
    for path in sorted(paths, key=_place)[:_MOST_ROWS]:
        yield Row(_name(path, glossary), tuple(column.cell(path) for column in columns))


def _place(path: str) -> tuple[int, str]:
    sections = ("/features/", "/limits/")
    return next((n for n, section in enumerate(sections) if path.startswith(section)), len(sections)), path


def _name(path: str, glossary: Glossary) -> Words:
    subject = Term.at(path).key
    if path.startswith("/features/"):
        title = glossary.short_feature(subject)
    elif path.startswith("/limits/"):
        title = glossary.short_limit(subject)
    else:
        return [_CAPS[subject]]
    return [key(subject)] if title == subject else [quoted(title)]


def _changed(change: FieldChange) -> Cell:
    before, after = _side(change, change.before), _side(change, change.after)
    if not before:
        return Cell(State.GAINED, after=after)
    if not after:
        return Cell(State.LOST, before)
    return Cell(State.LOWERED if change.severity.is_loss else State.RAISED, before, after)


def _side(change: FieldChange, value: JsonValue) -> Words:
    if value is None:
        return ["never"] if change.path == "/expiry" else []
    return [amount(value)]
