"""Moving holders to another revision of the package that they hold, recorded client by client."""

from __future__ import annotations

from operator import ge, lt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct
from sqlalchemy import (
    and_,
    bindparam,
    false,
    func,
    insert,
    literal,
    select,
    union,
    update,
)

from reconciler.model.changesets import Moved
from reconciler.model.expiry import end_of
from reconciler.model.history import HistoryEntry
from reconciler.store import questions, tables
from reconciler.store.columns import NEVER, microseconds
from reconciler.store.grants import NOWHERE, GrantedTerm, keep_ended, of_term
from reconciler.store.operands import NOBODY
from reconciler.store.parts import Pair, bound, moved_in_any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from reconciler.model.expiry import Expiry
    from reconciler.model.questions import ClientQuestion
    from reconciler.store.operands import Lost
    from reconciler.store.parts import Part

_HELD: Final = tables.subscriptions
_MOVES: Final = tables.moves.c
_RUNS: Final = tables.runs.c
_EFFECTS: Final = tables.grant_effects.c
_KEY: Final = tables.packages.c.key
_PAGE: Final = 5_000


class Step(Struct, frozen=True):
    """One move of a run.

    Attributes:
        number: Its place in the run, from 0.
        expiry: That of the revision moved to.
        is_back: Whether it brings back what ended when that revision was left, as a rollback does.
    """

    run_id: int
    number: int
    to_revision: int
    expiry: Expiry | None
    is_back: bool


class Taken(NamedTuple):
    """A term of which a move changes what holders of a revision have, some of whom have grants of it.

    Attributes:
        held: What the package gives of it now, and `left` after the move, as `AfterMove` has them.
        is_loss: Whether who has less of it after the move is told, and not who has as much or more.
    """

    from_revision: int
    term: str
    held: int = 0
    left: int = 0
    is_loss: bool = False


def of_run(connection: Connection, run_id: int) -> tuple[Moved, ...]:
    """Return whom the run moved, per package and pair of revisions, sorted."""
    columns = (tables.packages.c.key, _MOVES.from_revision, _MOVES.to_revision)
    statement = (
        select(*columns, func.count())
        .select_from(tables.moves.join(tables.packages, tables.packages.c.id == _MOVES.package_id))
        .where(_MOVES.run_id == run_id)
        .group_by(*columns)
        .order_by(*columns)
    )
    return tuple(Moved(*row) for row in connection.execute(statement))


def of_client(connection: Connection, client_id: str, limit: int | None) -> Iterator[HistoryEntry]:
    """Yield the reassignments of one client, newest first; at most so many."""
    of_run = (_RUNS.id, _RUNS.at, _RUNS.actor, _RUNS.on_behalf_of, _RUNS.reason, _RUNS.commit_id)
    statement = (
        select(*of_run, _KEY, _MOVES.from_revision, _MOVES.to_revision, _MOVES.assigned_at)
        .select_from(tables.moves)
        .join(tables.runs, _RUNS.id == _MOVES.run_id)
        .join(tables.packages, tables.packages.c.id == _MOVES.package_id)
        .where(_MOVES.client_id == client_id)
        .order_by(_MOVES.run_id.desc(), _MOVES.step.desc())
        .limit(limit)
    )
    return (_entry(row) for row in connection.execute(statement))


def _entry(row: Any) -> HistoryEntry:
    held = {"package": row.key, "assigned_at": row.assigned_at.isoformat()}
    return HistoryEntry(
        at=row.at,
        kind="run",
        author=row.actor,
        on_behalf_of=row.on_behalf_of,
        reason=row.reason,
        run=row.id,
        commit=row.commit_id,
        package=row.key,
        before={**held, "revision": row.from_revision},
        after={**held, "revision": row.to_revision},
    )


def since(connection: Connection, run_id: int) -> tuple[Pair, ...]:
    """Return which pairs of revisions this run and the later ones moved clients between, sorted."""
    found = _pairs().where(_MOVES.run_id >= run_id).distinct()
    ordered = found.order_by(_MOVES.run_id, _KEY, _MOVES.from_revision)
    return tuple(Pair(*row) for row in connection.execute(ordered))


def of_whom(connection: Connection, client_id: str) -> tuple[Pair, ...]:
    """Return between which revisions runs moved one client, newest first."""
    found = _pairs().where(_MOVES.client_id == client_id)
    ordered = found.order_by(_MOVES.run_id.desc(), _MOVES.step.desc())
    return tuple(Pair(*row) for row in connection.execute(ordered))


def _pairs() -> Select[Any]:
    columns = (_MOVES.run_id, _RUNS.at, _MOVES.package_id, _KEY, _MOVES.from_revision, _MOVES.to_revision)
    moved = tables.moves.join(tables.packages, tables.packages.c.id == _MOVES.package_id)
    return select(*columns).select_from(moved.join(tables.runs, _RUNS.id == _MOVES.run_id))


def is_among(connection: Connection, client_id: str, parts: Collection[Part]) -> bool:
    """Whether any of the parts moved the client."""
    return _is_any(connection, moved_in_any().where(_MOVES.client_id == client_id), parts)


def is_of_any(connection: Connection, part: Part) -> bool:
    """Whether it moved anybody."""
    return _is_any(connection, moved_in_any(), [part])


def _is_any(connection: Connection, found: Select[Any], parts: Collection[Part]) -> bool:
    return connection.execute(select(found.exists()), bound(parts)).scalar_one()


def distinct_clients(connection: Connection, parts: Collection[Part], *others: Select[tuple[str]]) -> int:
    """Count the clients whom any of the parts moved, and those whom other statements find, each once."""
    found = [*([moved_in_any()] if parts else []), *others]
    if not found:
        return 0
    statement = select(func.count(union(*found).subquery().c[0].distinct()))
    return connection.execute(statement, bound(parts)).scalar_one()


def record(connection: Connection, step: Step, who: ClientQuestion, at: datetime, lost: Lost = NOBODY) -> int:
    """Write down who moves, and from where; return how many."""
    matches = questions.ask(connection, who, at, lost)
    columns = {
        "client_id": _HELD.c.client_id,
        "run_id": literal(step.run_id),
        "step": literal(step.number),
        "package_id": _HELD.c.package_id,
        "from_revision": _HELD.c.revision,
        "to_revision": literal(step.to_revision),
        "assigned_at": _HELD.c.assigned_at,
    }
    statement = insert(tables.moves).from_select([*columns], matches.select(*columns.values()))
    return connection.execute(statement.execution_options(preserve_rowcount=True)).rowcount


def note_effects(connection: Connection, step: Step, taken: Sequence[Taken], at: datetime) -> None:
    """Write down who of the recorded clients keeps a term by grants or extensions, or loses it with a grant.

    It is told before they move: how much was lost is counted later by what the revisions grant (rule 17).
    """
    held = _HELD.c
    movers = and_(_MOVES.client_id == held.client_id, _of(step), held.active_until > microseconds(at))
    for each in taken:
        row = literal(step.run_id), _MOVES.client_id, literal(each.term), literal(each.is_loss)
        who = select(*row).where(movers)
        who = who.where(_MOVES.from_revision == each.from_revision).distinct()
        match each.term:
            case "subscriptions":
                who = who.where(held.extended_to > at)
            case "expiry":
                who = who.where(held.extended_to >= held.expires_at)
            case _:
                back_to = step.to_revision if step.is_back else NOWHERE
                numbers = (literal(number) for number in (each.held, each.left, back_to))
                given = GrantedTerm(literal(each.term), *numbers)
                is_so = lt if each.is_loss else ge
                who = who.where(held.is_granted, of_term(tables.grants, given, microseconds(at), is_so))
        connection.execute(insert(tables.grant_effects).from_select(_EFFECTS.keys(), who))


def note_resumed(connection: Connection, step: Step, taken: Iterable[tuple[int, str]], at: datetime) -> None:
    """Write down that whoever has no subscription now loses none of these terms, per revision left."""
    ended = and_(_MOVES.client_id == _HELD.c.client_id, _of(step), _HELD.c.active_until <= microseconds(at))
    for from_revision, term in taken:
        row = literal(step.run_id), _MOVES.client_id, literal(term), false()
        who = select(*row).where(ended, _MOVES.from_revision == from_revision).distinct()
        connection.execute(insert(tables.grant_effects).from_select(_EFFECTS.keys(), who))


def with_effects(connection: Connection, run_id: int, *, is_loss: bool) -> set[tuple[int, int, int]]:
    """Return run, package and revision left, where this run or a later one had such an effect on anybody."""
    columns = _MOVES.run_id, _MOVES.package_id, _MOVES.from_revision
    both = and_(_EFFECTS.run_id == _MOVES.run_id, _EFFECTS.client_id == _MOVES.client_id)
    statement = select(*columns).select_from(tables.grant_effects.join(tables.moves, both)).distinct()
    which = _EFFECTS.run_id >= run_id, _EFFECTS.is_loss == is_loss
    return {(*row,) for row in connection.execute(statement.where(*which))}


def terms_ended(connection: Connection, run_id: int) -> tuple[tuple[str, int, str], ...]:
    """Return package, revision left and term of which a grant ended with a run's moves, sorted."""
    both = and_(_EFFECTS.run_id == _MOVES.run_id, _EFFECTS.client_id == _MOVES.client_id)
    of_both = tables.grant_effects.join(tables.moves, both)
    statement = (
        select(_KEY, _MOVES.from_revision, _EFFECTS.term)
        .select_from(of_both.join(tables.packages, tables.packages.c.id == _MOVES.package_id))
        .where(_EFFECTS.run_id == run_id, _EFFECTS.is_loss)
        .distinct()
        .order_by(_KEY, _MOVES.from_revision, _EFFECTS.term)
    )
    return tuple((*row,) for row in connection.execute(statement))


def carry_out(connection: Connection, step: Step) -> None:
    """Move the recorded clients. They keep their start, which the new expiry counts from (rule 10)."""
    movers = select(_MOVES.client_id).where(_of(step))
    if not step.is_back:
        keep_ended(connection, movers, step.to_revision)
    if step.expiry is None:
        values = {"revision": step.to_revision, "expires_at": None, "active_until": NEVER}
        connection.execute(update(_HELD).where(_HELD.c.client_id.in_(movers)).values(values))
    else:
        _move_by_pages(connection, step, step.expiry)


def _move_by_pages(connection: Connection, step: Step, expiry: Expiry) -> None:
    """Calendar months are not SQL's: instants are computed here, some thousand at a time."""
    moved = (
        update(_HELD)
        .where(_HELD.c.client_id == bindparam("mover"))
        .values(revision=step.to_revision, expires_at=bindparam("end"), active_until=bindparam("until"))
    )
    page = (
        select(_HELD.c.client_id, _HELD.c.assigned_at, _HELD.c.extended_to)
        .join(tables.moves, _MOVES.client_id == _HELD.c.client_id)
        .where(_of(step), _MOVES.client_id > bindparam("after"))
        .order_by(_MOVES.client_id)
        .limit(_PAGE)
    )
    after = ""
    while rows := connection.execute(page, {"after": after}).all():
        connection.execute(moved, [_ending(id_, end_of(expiry, *when)) for id_, *when in rows])
        after = rows[-1].client_id


def _ending(client_id: str, end: datetime | None) -> dict[str, Any]:
    return {"mover": client_id, "end": end, "until": NEVER if end is None else microseconds(end)}


def _of(step: Step) -> ColumnElement[bool]:
    return (_MOVES.run_id == step.run_id) & (_MOVES.step == step.number)
