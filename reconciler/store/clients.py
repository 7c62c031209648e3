"""Statements on clients together with the one subscription that each has."""

from __future__ import annotations

from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import BigInteger, and_, bindparam, exists, select, type_coerce, update

from reconciler.model.emails import normal_email
from reconciler.store import lists, packages, tables, usage
from reconciler.store.bulk import insert_all, update_later
from reconciler.store.columns import instant_of, microseconds
from reconciler.store.dialects import ask, chunks
from reconciler.store.subscriptions import active_until

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select
    from sqlalchemy.sql.base import ReadOnlyColumnCollection

    from reconciler.model.clients import ClientFilter, ClientStatus

_CLIENTS: Final = tables.clients.c
_HELD: Final = tables.subscriptions.c
_PACKAGES: Final = tables.packages.c
_REVISIONS: Final = tables.revisions.c
_PAGE: Final = 500
_ROWS: Final = 2_000
_GRANTING: Final = "granting"
_NEIGHBOURS: Final = 500
_INSTANTS: Final = ("assigned_at", "expires_at", "extended_to")
_LARGEST_CHARACTER: Final = "\U0010ffff"


class StoredClient(Struct, frozen=True):
    """A client and what it holds.

    Attributes:
        package: The package's key now.
        digest: That of the held revision's definition.
        number: What stands for the client in events.
        extended_to: When the subscription ends at the earliest (rule 18).
        cycle: Its billing cycles, and `assignment` its assignments, are numbered.
        is_granted: Whether it was ever granted anything, so that who was not costs no statement.
    """

    id: str
    name: str
    owner_email: str
    status: ClientStatus
    users: int
    package_id: int
    package: str
    revision: int
    current_revision: int
    digest: str
    assigned_at: datetime
    expires_at: datetime | None
    number: int
    extended_to: datetime | None = None
    cycle: int = 0
    assignment: int = 0
    is_granted: bool = False


Using: TypeAlias = tuple[StoredClient, "dict[str, int]"]
"""A client and its usage above 0 per meter, sorted."""


def one(connection: Connection, client_id: str) -> Using | None:
    """Return one client; None where there is none."""
    return next(_using(ask(connection, _ONE, {"client": client_id})), None)


def stored(connection: Connection, ids: Collection[str]) -> dict[str, StoredClient]:
    """Return the clients that exist among these, by id."""
    found = {}
    for chunk in chunks(ids):
        for row in ask(connection, *_naming(chunk)):
            client = _client(row)
            found[client.id] = client
    return found


def _naming(ids: Sequence[str]) -> tuple[Select[Any], Mapping[str, object]]:
    if len(ids) == 1:
        return _ALONE, {"client": ids[0]}
    return _SOME, lists.binding(_NAMED, [[each] for each in ids])


def pages(
    connection: Connection, *, package_id: int | None, outdated: bool, only: ClientFilter
) -> Iterator[list[Using]]:
    """Stream clients by id, some hundred at a time, of one package or of all."""
    if package_id is None:
        statement = _WITH_USAGE.order_by(_CLIENTS.id, _USED.meter)
    else:
        statement = _WITH_USAGE.where(_HELD.package_id == package_id).order_by(_HELD.client_id, _USED.meter)
    if outdated:
        current = tables.revisions.alias("current")
        is_current = and_(current.c.package_id == _PACKAGES.id, current.c.number == _PACKAGES.revision)
        statement = statement.join(current, is_current)
        statement = statement.where(_REVISIONS.grants_digest != current.c.grants_digest)
    if only.status is not None:
        statement = statement.where(_CLIENTS.status == only.status)
    if only.uses is not None:
        statement = statement.where(usage.is_used(only.uses))
    if only.after is not None:
        statement = statement.where(_CLIENTS.id > only.after)
    if only.granted:
        statement = statement.where(_HELD.is_granted)
    listed: Mapping[str, object] = {}
    if only.holds is not None:
        granting = lists.listed(_GRANTING, ("package_id", "revision"))
        is_granted = _HELD.package_id == granting.c.package_id, _HELD.revision == granting.c.revision
        statement = statement.where(exists(select(granting.c.revision).where(*is_granted)))
        listed = lists.binding(_GRANTING, packages.granting(connection, only.holds))
    yield from _paged(connection, statement, listed)


def active_pages(connection: Connection, package_id: int, at: datetime) -> Iterator[list[StoredClient]]:
    """Yield a package's active holders by id, in pages read to their ends, so that they can be written."""
    is_held = _HELD.package_id == package_id, _HELD.active_until > microseconds(at)
    page, last = _SELECTED.where(*is_held).order_by(_HELD.client_id).limit(_PAGE), ""
    while rows := connection.execute(page.where(_HELD.client_id > last)).all():
        last = rows[-1].id
        yield [_client(row) for row in rows]


def named_pages(connection: Connection, ids: Collection[str]) -> Iterator[dict[str, StoredClient | None]]:
    """Yield clients who are named, each once, some hundred at a time; None for who is no client."""
    for chunk in chunks(sorted({*ids})):
        found = stored(connection, chunk)
        yield {id_: found.get(id_) for id_ in chunk}


def expiring(connection: Connection, at: datetime, until: datetime) -> Iterator[list[Using]]:
    """Stream clients whose active subscription ends by an instant, soonest first, some hundred at a time."""
    ends = _HELD.active_until
    soon = _WITH_USAGE.where(ends > microseconds(at), ends <= microseconds(until))
    yield from _paged(connection, soon.order_by(ends, _CLIENTS.id, _USED.meter), {})


def _paged(
    connection: Connection, statement: Select[Any], listed: Mapping[str, object]
) -> Iterator[list[Using]]:
    with connection.execute(statement.execution_options(yield_per=_ROWS), listed) as rows:
        found = _using(row for some in rows.partitions() for row in some)
        while page := list(islice(found, _PAGE)):
            yield page


def _using(rows: Iterable[Sequence[Any]]) -> Iterator[Using]:
    """Put the rows of each client together, which stand side by side: one per meter that it has used."""
    for _, mine in groupby(rows, itemgetter(0)):
        first, *others = mine
        *client, meter, amount = first
        used = {} if meter is None else {meter: amount, **{row[-2]: row[-1] for row in others}}
        yield _client(client), used


def near(connection: Connection, client_id: str) -> list[str]:
    """Return ids that begin like `client_id`, for near misses; bounded."""
    start = client_id[:2]
    statement = (
        select(_CLIENTS.id)
        .where(_CLIENTS.id >= start, _CLIENTS.id <= start + _LARGEST_CHARACTER)
        .order_by(_CLIENTS.id)
        .limit(_NEIGHBOURS)
    )
    return list(connection.execute(statement).scalars())


def add(connection: Connection, new: Collection[StoredClient]) -> None:
    """Insert clients with their subscriptions."""
    insert_all(connection, tables.clients, [*map(_client_row, new)])
    insert_all(connection, tables.subscriptions, [*map(_subscription_row, new)])


def introduce(connection: Connection, client: StoredClient, new_id: str, number: int) -> None:
    """Insert a client who is called by its id alone, beside the one whose place it takes."""
    row = _client_row(replace(client, id=new_id, name=new_id, owner_email="", number=number))
    insert_all(connection, tables.clients, [row])


def rewrite(connection: Connection, changed: Collection[StoredClient]) -> None:
    """Make existing clients and their subscriptions be exactly these."""
    if changed:
        of_client = update(tables.clients).where(_CLIENTS.id == bindparam("key"))
        rows = [{**_by_column(_CLIENTS, _client_row(client)), "key": client.id} for client in changed]
        connection.execute(of_client, rows)
        rewrite_subscriptions(connection, changed)


def rewrite_subscriptions(connection: Connection, changed: Collection[StoredClient]) -> None:
    """Make what existing clients hold be exactly this."""
    if len(changed) == 1:
        for client in changed:
            row = _by_column(_HELD, _subscription_row(client))
            update_later(connection, tables.subscriptions, row, "client_id")
    elif changed:
        instants = {name: bindparam(name, type_=BigInteger) for name in _INSTANTS}
        held = update(tables.subscriptions).where(_HELD.client_id == bindparam("key")).values(instants)
        rows = [{**_by_column(_HELD, _subscription_row(client)), "key": client.id} for client in changed]
        connection.execute(held, rows)


def _client_row(client: StoredClient) -> tuple[Any, ...]:
    """Return the values in the order of the columns, as those of a subscription are."""
    return (
        client.id,
        client.name,
        client.owner_email,
        normal_email(client.owner_email),
        client.status,
        client.users,
        client.number,
    )


def _subscription_row(client: StoredClient) -> tuple[Any, ...]:
    return (
        client.id,
        client.package_id,
        client.revision,
        microseconds(client.assigned_at),
        None if client.expires_at is None else microseconds(client.expires_at),
        active_until(client.status, client.expires_at),
        None if client.extended_to is None else microseconds(client.extended_to),
        client.cycle,
        client.assignment,
        client.is_granted,
    )


def _by_column(columns: ReadOnlyColumnCollection[str, Any], row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(columns.keys(), row, strict=True))


def _selected() -> Select[Any]:
    held = tables.clients.join(tables.subscriptions, _HELD.client_id == _CLIENTS.id)
    snapshot = and_(_REVISIONS.package_id == _HELD.package_id, _REVISIONS.number == _HELD.revision)
    return select(
        _CLIENTS.id,
        _CLIENTS.name,
        _CLIENTS.owner_email,
        _CLIENTS.status,
        _CLIENTS.users,
        _HELD.package_id,
        _PACKAGES.key.label("package"),
        _HELD.revision,
        _PACKAGES.revision.label("current_revision"),
        _REVISIONS.digest,
        type_coerce(_HELD.assigned_at, BigInteger),
        type_coerce(_HELD.expires_at, BigInteger),
        _CLIENTS.number,
        type_coerce(_HELD.extended_to, BigInteger),
        _HELD.cycle,
        _HELD.assignment,
        _HELD.is_granted,
    ).select_from(
        held.join(tables.packages, _PACKAGES.id == _HELD.package_id).join(tables.revisions, snapshot)
    )


_SELECTED: Final = _selected()
_ALONE: Final = _SELECTED.where(_CLIENTS.id == bindparam("client"))
_NAMED: Final = "named"
_IDS: Final = lists.listed(_NAMED, ("mark",))
_SOME: Final = _SELECTED.join(_IDS, _IDS.c.mark == _CLIENTS.id)
_USED: Final = tables.usage.c
_WITH_USAGE: Final = _SELECTED.add_columns(_USED.meter, _USED.amount).outerjoin(
    tables.usage, and_(_USED.client_id == _CLIENTS.id, _USED.amount > 0)
)
_ONE: Final = _WITH_USAGE.where(_CLIENTS.id == bindparam("client")).order_by(_USED.meter)


def _client(row: Sequence[Any]) -> StoredClient:
    told = [*row]
    for place in _PLACES_OF_INSTANTS:
        if told[place] is not None:
            told[place] = instant_of(told[place])
    return StoredClient(*told)


_PLACES_OF_INSTANTS: Final = tuple(
    place for place, name in enumerate(StoredClient.__struct_fields__) if name in _INSTANTS
)
