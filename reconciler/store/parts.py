"""Parts of whom runs moved: from whom a move took something, by what of it was recorded.

They are a bound list, so that a statement does not grow with the runs that it looks back at.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct
from sqlalchemy import BigInteger, and_, exists, not_, or_, select, type_coerce

from reconciler.store import tables
from reconciler.store.columns import ALWAYS_PAST, NEVER, bounds
from reconciler.store.lists import binding, field, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Exists, FromClause, Select, TableValuedAlias

    from reconciler.model.expiry import Window

_MOVES: Final = tables.moves.c
_EFFECTS: Final = tables.grant_effects.c
_LIST: Final = "parts"
_COLUMNS: Final = (
    *("run", "package_id", "from_revision", "to_revision", "low", "high"),
    *("spared", "kept", "ended", "restored"),
)


class Pair(NamedTuple):
    """Revisions between which a run moved clients."""

    run: int
    at: datetime
    package_id: int
    package: str
    from_revision: int
    to_revision: int


class Part(Struct, frozen=True):
    """Some of whom a run moved.

    Attributes:
        starts: The client's start lies in one of the windows of each.
        restored: Whom a later run moved back is left out.
        term: What was taken; whom a grant or an extension spared that is left out.
        ended: Of those whom it moved, only who lost something with a grant that ended.
        kept: Of those whom it moved, only whom a grant spared this term.
    """

    pair: Pair
    starts: tuple[tuple[Window, ...], ...] = ()
    restored: bool = False
    term: str | None = None
    ended: bool = False
    kept: str | None = None

    @property
    def rows(self) -> Iterator[tuple[int | str, ...]]:
        """Return what is listed of it: a row per window in which all its windows overlap."""
        run, _, package_id, _, *sides = self.pair
        also = self.term or "", self.kept or "", int(self.ended), int(self.restored)
        for both in product(*(map(bounds, windows) for windows in self.starts)):
            low = max((each[0] for each in both), default=ALWAYS_PAST)
            high = min((each[1] for each in both), default=NEVER)
            if low <= high:
                yield run, package_id, *sides, low, high, *also


def bound(parts: Iterable[Part], name: str = _LIST) -> Mapping[str, object]:
    """Return what to execute a statement with that reads `moved_in_any(name)`."""
    return binding(name, rows_of_all(parts))


def rows_of_all(parts: Iterable[Part]) -> list[tuple[int | str, ...]]:
    """Return what is listed of parts."""
    return [row for part in parts for row in part.rows]


def moved_in_any(name: str = _LIST) -> Select[tuple[str]]:
    """Select the clients whom any of the bound parts moved, as often as they were moved so."""
    parts = listed(name, _COLUMNS)
    fields = {each: parts.c[each] for each in _COLUMNS}
    return select(_MOVES.client_id).select_from(parts.join(tables.moves, _is_in(fields, tables.moves)))


def has_moved(
    client_id: ColumnElement[str],
    rows: TableValuedAlias,
    which: Callable[[FromClause], ColumnElement[bool]],
) -> Exists:
    """Say that any of the parts in these rows moved a client; of its moves, those are meant `which` are so.

    A client is asked for its moves first: who never moved is not held against each part.
    """
    fields = {name: field(rows, place, name) for place, name in enumerate(_COLUMNS)}
    moves = tables.moves.alias(f"of_{rows.name}")
    part = exists(select(rows.c.value).where(_is_in(fields, moves))).correlate_except(rows)
    return exists().where(moves.c.client_id == client_id, which(moves), part).correlate_except(moves)


def _is_in(part: Mapping[str, ColumnElement[Any]], moves: FromClause) -> ColumnElement[bool]:
    of, is_loss = moves.c, _EFFECTS.is_loss
    start = type_coerce(of.assigned_at, BigInteger)
    return and_(
        *(of[f"{name}_id" if name == "run" else name] == part[name] for name in _COLUMNS[:4]),
        start.between(part["low"], part["high"]),
        or_(part["spared"] == "", ~_has_effect(moves, _EFFECTS.term == part["spared"], not_(is_loss))),
        or_(part["kept"] == "", _has_effect(moves, _EFFECTS.term == part["kept"], not_(is_loss))),
        or_(part["ended"] == 0, _has_effect(moves, is_loss)),
        or_(part["restored"] == 0, ~_is_moved_back(moves)),
    )


def _is_moved_back(moves: FromClause) -> Exists:
    back, of = tables.moves.alias("back"), moves.c
    later = exists().where(
        back.c.run_id > of.run_id,
        back.c.client_id == of.client_id,
        back.c.package_id == of.package_id,
        back.c.from_revision == of.to_revision,
        back.c.to_revision == of.from_revision,
    )
    return later.correlate(moves)


def _has_effect(moves: FromClause, *terms: ColumnElement[bool]) -> Exists:
    effects = tables.grant_effects
    both = _EFFECTS.run_id == moves.c.run_id, _EFFECTS.client_id == moves.c.client_id
    return exists().where(*both, *terms).correlate_except(effects)
