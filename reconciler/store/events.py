"""Statements on events. They are written once; a run sets which ones it sealed, and nothing else changes."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from sqlalchemy import and_, exists, or_, select, update

from reconciler.model.events import BY_RUNS, FORGET, LOST_AT, RESTORE, Event, Seal
from reconciler.model.packages import canonical_json, digest_of
from reconciler.store import tables
from reconciler.store.bulk import insert_all
from reconciler.store.columns import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, Select

    from reconciler.model.events import Author

_EVENTS: Final = tables.events.c
_CLIENTS: Final = tables.clients
_NEWEST_FIRST: Final = (_EVENTS.at.desc(), _EVENTS.id.desc())
_PAGE: Final = 2_000
RUN: Final = "run"
_OF_HOLDINGS: Final = ("assign", "import")
_BESIDE: Final = ("grant", "revoke", "extend")


class Deed(Struct, frozen=True):
    """What one write does to one thing."""

    kind: str
    number: int | None = None
    package: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    lost: bool = False


def new_id() -> str:
    """Return an id that no other event has."""
    return secrets.token_hex(10)


def new_number() -> int:
    """Return what stands for a client in events; minted without asking, so that no two writers wait."""
    return secrets.randbits(53)


def record(
    connection: Connection, deeds: Iterable[Deed], by: Author, at: datetime, *, part_of: str | None = None
) -> None:
    """Write down what is done in this transaction."""
    row = _rows(by, at, part_of)
    insert_all(connection, tables.events, [row(each, new_id()) for each in deeds])


def record_import(connection: Connection, import_id: str, by: Author, at: datetime, after: Any) -> None:
    """Write down an import as a whole, under the id that its parts name."""
    insert_all(connection, tables.events, [_rows(by, at)(Deed("import", after=after), import_id)])


def seal(connection: Connection, run_id: int, by: Author, at: datetime, run: Mapping[str, Any]) -> str:
    """Seal every event that no run sealed, and write down the run with that seal and the one before it.

    Returns the run's own seal, by which all of this is held.
    """
    unsealed = select(_EVENTS.digest).where(_EVENTS.run_id.is_(None)).order_by(_EVENTS.at, _EVENTS.id)
    found = Seal(connection.execute(unsealed.execution_options(yield_per=_PAGE)).scalars())
    connection.execute(update(tables.events).where(_EVENTS.run_id.is_(None)).values(run_id=run_id))
    newest = select(_EVENTS.digest).where(_EVENTS.kind == RUN).order_by(_EVENTS.run_id.desc()).limit(1)
    previous = connection.execute(newest).scalar_one_or_none()
    told = {**run, "run": run_id, "sealed": found.events, "seal": found.digest, "previous": previous}
    *row, digest, _ = _rows(by, at)(Deed(RUN, after=told), new_id())
    insert_all(connection, tables.events, [(*row, digest, run_id)])
    return str(digest)


def stream(connection: Connection, limit: int | None) -> Iterator[Event]:
    """Stream events, oldest first, of all or of so many of the latest."""
    if limit is not None:
        rows = connection.execute(_selected().order_by(*_NEWEST_FIRST).limit(limit)).all()
        yield from map(_read, reversed(rows))
        return
    ordered = _selected().order_by(_EVENTS.at, _EVENTS.id).execution_options(yield_per=_PAGE)
    with connection.execute(ordered) as found:
        yield from map(_read, found)


def of_client(connection: Connection, number: int, limit: int | None) -> Iterator[Event]:
    """Yield the events of one client, newest first."""
    found = _selected().where(_EVENTS.number == number).order_by(*_NEWEST_FIRST).limit(limit)
    return map(_read, connection.execute(found))


def by_id(connection: Connection, id_: str) -> Event | None:
    """Return one event; None where there is none."""
    row = connection.execute(_selected().where(_EVENTS.id == id_)).one_or_none()
    return None if row is None else _read(row)


def parts_of(connection: Connection, id_: str, at: datetime) -> Iterator[list[Event]]:
    """Yield an event of one client, or the parts of an import, which are of its instant; a page at a time."""
    is_itself, is_part = _EVENTS.id == id_, _EVENTS.part_of == id_
    of_holdings, beside = (_EVENTS.kind.in_(kinds) for kinds in (_OF_HOLDINGS, _BESIDE))
    found = or_(and_(or_(is_itself, is_part), of_holdings), and_(is_itself, beside))
    return _paged(connection, _selected().where(_EVENTS.at == at, found))


def changed_by(connection: Connection, run_id: int) -> Iterator[list[Event]]:
    """Yield what a run took back of clients or moved between packages, a page at a time."""
    return _paged(connection, _selected().where(_EVENTS.run_id == run_id, _EVENTS.kind.in_(BY_RUNS)))


def _paged(connection: Connection, found: Select[Any]) -> Iterator[list[Event]]:
    """Yield pages that are read to their ends, so that what they tell can be written meanwhile."""
    page, last = found.where(_EVENTS.number.is_not(None)).order_by(_EVENTS.id).limit(_PAGE), ""
    while rows := connection.execute(page.where(_EVENTS.id > last)).all():
        last = rows[-1].id
        yield [_read(row) for row in rows]


def of_package(connection: Connection, key: str) -> Iterator[Event]:
    """Yield what was done by hand to a package while it had this key, newest first."""
    is_of_it = _EVENTS.number.is_(None), _EVENTS.package == key
    return map(_read, connection.execute(_selected().where(*is_of_it).order_by(*_NEWEST_FIRST)))


def _selected() -> Select[Any]:
    columns = [each for each in tables.events.columns if each.name != "number"]
    return select(*columns, _EVENTS.number, _CLIENTS.c.id.label("client")).select_from(
        tables.events.outerjoin(_CLIENTS, _CLIENTS.c.number == _EVENTS.number)
    )


def losers(since: datetime | ColumnElement[datetime]) -> Select[tuple[str]]:
    """Return the statement for the ids of the clients who lost anything by hands and imports.

    Whoever was given back what it had before is none of them.
    """
    who = tables.events.join(_CLIENTS, _CLIENTS.c.number == _EVENTS.number)
    return select(_CLIENTS.c.id).select_from(who).where(_EVENTS.at >= since, *_has_lost())


def last_loss(connection: Connection, number: int) -> datetime | None:
    """Return when a client last lost something by hands and imports that it was not given back."""
    found = select(_EVENTS.at).where(_EVENTS.number == number, *_has_lost())
    return connection.execute(found.order_by(_EVENTS.at.desc()).limit(1)).scalar_one_or_none()


def forgotten_losers(connection: Connection, since: datetime) -> int:
    """Count who lost anything from an instant on and was erased later: who it was is gone, and not that."""
    written = select(_EVENTS.after).where(_EVENTS.kind == FORGET, _EVENTS.at >= since)
    lost_at = (after.get(LOST_AT) for after in connection.execute(written).scalars())
    return sum(1 for each in lost_at if each is not None and datetime.fromisoformat(each) >= since)


def _has_lost() -> tuple[ColumnElement[bool], ...]:
    back = tables.events.alias("back")
    is_restored = exists().where(
        back.c.number == _EVENTS.number,
        back.c.kind == RESTORE,
        back.c.at >= _EVENTS.at,
        back.c.before == _EVENTS.after,
        back.c.after == _EVENTS.before,
    )
    return _EVENTS.lost, ~is_restored.correlate(tables.events)


def _rows(by: Author, at: datetime, part_of: str | None = None) -> Callable[[Deed, str], tuple[Any, ...]]:
    """Return what makes a row of a deed: the values in the order of the columns, as the driver takes them."""
    author = by.name, by.on_behalf_of, by.reason, part_of
    shared = dict(zip(("author", "on_behalf_of", "reason", "part_of"), author, strict=True))
    shared["at"] = at.astimezone(UTC).isoformat()
    moment = microseconds(at)

    def row(deed: Deed, id_: str) -> tuple[Any, ...]:
        content = {  # see `Event.content`; to make an event of each costs as much as its JSON
            **shared,
            "id": id_,
            "kind": deed.kind,
            "number": deed.number,
            "package": deed.package,
            "before": deed.before,
            "after": deed.after,
            "lost": deed.lost,
        }
        sides = canonical_json(deed.before), canonical_json(deed.after)
        about = deed.number, deed.package
        return (id_, moment, deed.kind, *author, *about, *sides, deed.lost, digest_of(content), None)

    return row


def _read(row: Any) -> Event:
    return Event(
        row.id,
        row.at,
        row.kind,
        row.author,
        row.on_behalf_of,
        row.reason,
        row.part_of,
        row.number,
        row.client,
        row.package,
        row.before,
        row.after,
        row.lost,
        row.digest,
        row.run_id,
    )
