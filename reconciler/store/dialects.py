"""What differs between databases: settings, how a transaction begins, limits, what an error code means."""

from __future__ import annotations

import logging
import sqlite3
import sys
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from select import POLLIN, poll
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

from sqlalchemy import URL, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from reconciler.errors import UnreachableError
from reconciler.model.hosts import Host
from reconciler.model.secrets import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Dialect, Engine, Select, Table
    from sqlalchemy.pool import ConnectionPoolEntry

    from reconciler.store.round_trips import SparingConnection

Address: TypeAlias = "Path | URL"
"""A SQLite file, or the URL of a PostgreSQL database."""

BUSY_SECONDS: Final = 5
"""How long a transaction waits for another process before it gives up."""

IN_LIMIT: Final = 10_000
"""How many values one IN list may have; SQLite takes 32,766 parameters, PostgreSQL 65,535."""

Kind: TypeAlias = Literal["look", "read", "write"]
"""What a transaction is for: one statement that reads, several that see one state, or writing."""

T = TypeVar("T")

Fault: TypeAlias = Literal[
    "busy", "contention", "read-only", "corrupt", "disk", "full", "unopenable", "refused", "lost", "other"
]

_SQLITE_SETTINGS: Final = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=EXTRA",
    "PRAGMA automatic_index=OFF",
    "PRAGMA cache_size=-16384",
)
_SQLITE_WRITES: Final = ("PRAGMA cache_size=-131072", "BEGIN IMMEDIATE")
"""Who writes all over a large file needs much of it in memory; who reads gains nothing by it."""
# Primary result codes: https://www.sqlite.org/rescode.html
_SQLITE_FAULTS: Final[dict[int, Fault]] = {
    5: "busy",
    6: "busy",
    8: "read-only",
    10: "disk",
    11: "corrupt",
    13: "full",
    14: "unopenable",
    26: "corrupt",
}
# Error codes, or their classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
# A standby has no serialisable transactions, which all writers are.
# Two inserts of one key at once are contention too, as are two migrations: the next try finds what the other
# made, and says so.
_POSTGRES_FAULTS: Final[dict[str, Fault]] = {
    "40001": "contention",
    "40P01": "contention",
    "23505": "contention",
    "23503": "contention",
    "42P06": "contention",
    "42P07": "contention",
    "42701": "contention",
    "55P03": "busy",
    "57014": "busy",
    "0A000": "read-only",
    "25006": "read-only",
    "42501": "read-only",
    "53100": "full",
    "58": "disk",
    "3D000": "unopenable",
    "28": "refused",
    "08": "lost",
    "53": "lost",
    "57": "lost",
    "XX": "corrupt",
}
SCHEMA: Final = "schema"
"""What of an address names the schema that a platform is in, which every statement then names."""

_USUAL_SCHEMA: Final = "public"
_DRIVER: Final = "postgresql+psycopg"
_POSTGRES_PORT: Final = 5432
_POSTGRES_SETTINGS: Final = {
    "connect_timeout": 10,
    "application_name": "reconciler",
    "prepare_threshold": None,
}
_POSTGRES_BEGINS: Final[Mapping[Kind, str]] = {
    "look": "",
    "read": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "write": "BEGIN ISOLATION LEVEL SERIALIZABLE",
}
_SOCKETS: Final = ("/", "@")
_UNHEARD: Final = logging.NullHandler()
"""Of two errors the driver raises one, which is told, and logs the other: by itself Python prints that."""
_USED_AT: Final = "used_at"
_IDLE_SECONDS: Final = 60
"""What stands between may forget a connection that is idle for longer, and tell neither end."""
MOST_CONNECTIONS: Final = 35
_POOL: Final[dict[str, Any]] = {
    "pool_size": MOST_CONNECTIONS,
    "max_overflow": 0,
    "pool_timeout": BUSY_SECONDS,
    "pool_use_lifo": True,
}
"""Each is kept once it was opened: to open one costs a server more than most questions do. The one used last
is used next, so that those which fewer requests do without are idle."""


def engine_of(address: Address) -> Engine:
    """Return an engine whose transactions are of the kind that the option `kind` names."""
    return _sqlite_engine(address) if isinstance(address, Path) else _postgres_engine(address)


def name_of(address: Address) -> str:
    """Return how messages call a database: never with its password."""
    return str(address) if isinstance(address, Path) else without_secrets(address.render_as_string())


def hosts_of(address: Address) -> tuple[Host, ...]:
    """Return the machines that a connection may be made to, as the driver would be told; a socket is none.

    Raises ValueError for ports that are none, and SQLAlchemy's ArgumentError.
    """
    if isinstance(address, Path):
        return ()
    server = _server(address)
    _, told = server.get_dialect()().create_connect_args(server)
    ports = str(told.get("port", "")).split(",")
    names = [str(told.get(key, "")).split(",") for key in ("host", "hostaddr")]
    return tuple(
        Host.of(name, int(port or _POSTGRES_PORT), _POSTGRES_PORT)
        for group in names
        for name, port in zip(group, ports * len(group) if len(ports) == 1 else ports, strict=False)
        if name and not name.startswith(_SOCKETS)
    )


def schema_of(address: Address) -> str | None:
    """Return the schema that all tables are in; a SQLite file has none."""
    return None if isinstance(address, Path) else str(address.query.get(SCHEMA, _USUAL_SCHEMA))


def _server(address: URL) -> URL:
    return address.set(drivername=_DRIVER).difference_update_query([SCHEMA])


def _postgres_engine(url: URL) -> Engine:
    """Return an engine on PostgreSQL.

    Readers see one state; writers are serialisable, so that one of two that depend on each other fails and is
    tried anew. A look is a statement by itself, without the round trips of BEGIN and COMMIT. Nothing is
    prepared or set for longer than a transaction: the next one may find itself on another connection.
    """
    logging.getLogger("psycopg").addHandler(_UNHEARD)
    engine = create_engine(
        _server(url),
        connect_args=_POSTGRES_SETTINGS,
        execution_options={"schema_translate_map": {None: schema_of(url)}},
        use_native_hstore=False,
        **_POOL,
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "connect", _require_unicode, insert=True)  # before the library asks for its version
    event.listen(engine, "checkout", _require_open)
    event.listen(engine, "checkin", _note_time)
    event.listen(engine, "begin", _begin_on_postgres)
    return engine


def _require_open(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Have another connection made in place of one that the server closed, or may have while it was idle.

    Nothing is asked of the server: of a connection that waits in the pool, nothing is to be read but its end.
    """
    readable = poll()
    readable.register(connection.fileno(), POLLIN)
    if readable.poll(0) or monotonic() - record.info.get(_USED_AT, monotonic()) > _IDLE_SECONDS:
        raise DisconnectionError


def _note_time(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = monotonic()


def _connect(_dialect: object, _record: object, arguments: Any, named: Any) -> Any:
    from reconciler.store.round_trips import SparingConnection  # noqa: PLC0415 - the driver is slow to import

    return SparingConnection.connect(*arguments, **named)


def _require_unicode(connection: Any, _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise UnreachableError(
            f"the database {connection.info.dbname} keeps its texts as {encoding}, and not as UTF-8",
            hint="Name one that does under `platform`: CREATE DATABASE reconciler TEMPLATE template0 "
            "ENCODING 'UTF8';",
        )


def _begin_on_postgres(connection: Connection) -> None:
    """Choose what goes before the first statement."""
    how = _POSTGRES_BEGINS[_kind(connection)]
    if how:
        _sparing(connection).begin(how)


def _sparing(connection: Connection) -> SparingConnection:
    return cast("SparingConnection", connection.connection.driver_connection)


def ask(connection: Connection, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """Return the rows of a statement that is asked often; it is the same object each time.

    On PostgreSQL its text is made once, and it goes to the driver's connection: what SQLAlchemy does each
    time costs five times as much.
    """
    if connection.dialect.name != "postgresql":
        return connection.execute(statement, values).all()
    text = _text(connection, statement)
    with _sqlalchemys_own(connection, text.query):
        return text.read(_sparing(connection).ask(text.query, text.values(values)))


def tell_later(
    connection: Connection,
    statement: Select[Any],
    values: Mapping[str, Any],
    hear: Callable[[Sequence[Sequence[Any]]], None],
) -> None:
    """Have the rows of such a statement be heard before the next one's: of that one's round trip."""
    if connection.dialect.name == "postgresql":
        text = _text(connection, statement)
        query, bound = text.query, text.values(values)
        _sparing(connection).tell_later(query, bound, lambda rows: hear(text.read(rows)))
    else:
        hear(connection.execute(statement, values).all())


class _Text(NamedTuple):
    query: str
    names: Sequence[str]
    bound: Mapping[str, Any]
    readers: Mapping[int, Callable[[Any], Any]]

    def values(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Return what is bound, in order."""
        return [values[name] if name in values else self.bound[name] for name in self.names]

    def read(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return rows whose values are those of the columns' types."""
        by_place = self.readers.get
        return [
            [value if (read := by_place(place)) is None else read(value) for place, value in enumerate(row)]
            for row in rows
        ]


def _text(connection: Connection, statement: Select[Any]) -> _Text:
    dialect: Any = type(connection.dialect)
    return _text_of(statement, schema_in(connection), dialect)


@lru_cache
def _text_of(statement: Select[Any], schema: str | None, kind: Callable[..., Dialect]) -> _Text:
    """Return what is sent for a statement, and what reads those columns that the driver does not."""
    dialect = kind(paramstyle="format")
    compiled = statement.compile(
        dialect=dialect, schema_translate_map={None: schema}, render_schema_translate=True
    )
    types = (column.type.dialect_impl(dialect) for column in statement.selected_columns)
    readers = enumerate(each.result_processor(dialect, None) for each in types)
    names = compiled.positiontup or ()
    return _Text(str(compiled), names, compiled.params, {place: read for place, read in readers if read})


@contextmanager
def _sqlalchemys_own(connection: Connection, query: str) -> Iterator[None]:
    """Have what the driver raises be what SQLAlchemy makes of it, and a lost connection not be kept."""
    from psycopg import Error  # noqa: PLC0415 - slow to import, and imported by now

    try:
        yield
    except Error as error:
        is_lost = _sparing(connection).closed
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            query, None, error, Error, connection_invalidated=is_lost, dialect=connection.dialect
        ) from error


def schema_in(connection: Connection) -> str | None:
    """Return the schema that a connection's statements name."""
    schema: str | None = connection.get_execution_options().get("schema_translate_map", {}).get(None)
    return schema


def ask_later(
    connection: Connection, query: str, values: tuple[Any, ...], read: Callable[[Any], T]
) -> Callable[[], T]:
    """Ask for one row, or None, by a statement in the driver's own form; return what gives what it tells.

    On PostgreSQL that takes no round trip of its own: it is read, or raises, when the next statement is
    answered.
    """
    heard: list[T] = []

    def hear(row: Any) -> None:
        heard.append(read(row))

    if connection.dialect.name == "postgresql":
        _sparing(connection).ask_later(query, values, hear)
    else:
        hear(connection.exec_driver_sql(query, values).one_or_none())
    return lambda: heard[0]


def write_later(connection: Connection, statement: str, values: tuple[Any, ...]) -> None:
    """Write by a statement in the driver's own form; what follows finds it written.

    On PostgreSQL it takes no round trip of its own.
    """
    if connection.dialect.name == "postgresql":
        _sparing(connection).write_later(statement, values)
    else:
        connection.exec_driver_sql(statement, values)


def _sqlite_engine(path: Path) -> Engine:
    """Return an engine on a SQLite file; writers begin by `BEGIN IMMEDIATE`, which excludes other writers."""
    engine = create_engine(URL.create("sqlite", database=str(path)), **_POOL)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Cut distinct values, sorted, to what one IN list may have."""
    distinct = sorted(set(values))
    return (distinct[start : start + IN_LIMIT] for start in range(0, len(distinct), IN_LIMIT))


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: _begin does
    try:
        for setting in _SQLITE_SETTINGS:
            connection.execute(setting)
    except UnicodeDecodeError as error:  # what SQLite says of a damaged file quotes its bytes
        fault = sqlite3.DatabaseError("the file is damaged")
        fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise fault from error


def _begin(connection: Connection) -> None:
    match _kind(connection):
        case "look":
            return
        case "read":
            connection.exec_driver_sql("BEGIN")
        case "write":
            for statement in _SQLITE_WRITES:
                connection.exec_driver_sql(statement)


def _kind(connection: Connection) -> Kind:
    kind: Kind = connection.get_execution_options()["kind"]
    return kind


def lock(connection: Connection, tables: Collection[Table]) -> None:
    """Have other writers of these tables wait, as SQLite always does; the transaction must begin with it.

    What PostgreSQL lets a transaction see is settled by its first statement; a lock does not count as one.
    """
    if tables and connection.dialect.name == "postgresql":
        names = (quoted(connection.dialect, connection.schema_for_object(each), each) for each in tables)
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")


def quoted(dialect: Dialect, schema: str | None, table: Table) -> str:
    """Return the name of a table for a statement of text."""
    preparer = dialect.identifier_preparer
    name = preparer.quote(table.name)
    return name if schema is None else f"{preparer.quote_schema(schema)}.{name}"


def fault_of(error: BaseException | None) -> Fault:
    """Say what a driver's error means, by its code and never by its text."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_FAULTS.get(code & 0xFF, "other")
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return _POSTGRES_FAULTS.get(state) or _POSTGRES_FAULTS.get(state[:2], "other")
    return "lost" if isinstance(error, _lost_connection()) else "other"


def _lost_connection() -> type[Exception] | tuple[()]:
    """Return what psycopg raises where the server could not even send a code."""
    psycopg = sys.modules.get("psycopg")
    return () if psycopg is None else psycopg.OperationalError
