"""What differs between databases: settings, how a transaction begins, limits, what an error code means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import URL, create_engine, event

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

BUSY_SECONDS: Final = 10
"""How long a transaction waits for another process before it gives up."""

IN_LIMIT: Final = 10_000
"""How many values one IN list may have; SQLite takes 32,766 parameters, PostgreSQL 65,535."""

Fault: TypeAlias = Literal["busy", "read-only", "corrupt", "full", "unopenable", "other"]

_SQLITE_SETTINGS: Final = (
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA automatic_index=OFF",
    "PRAGMA cache_size=-65536",
)
# Primary result codes: https://www.sqlite.org/rescode.html
_SQLITE_FAULTS: Final[dict[int, Fault]] = {
    5: "busy",
    6: "busy",
    8: "read-only",
    11: "corrupt",
    13: "full",
    14: "unopenable",
    26: "corrupt",
}


def sqlite_engine(path: Path) -> Engine:
    """Return an engine on a SQLite file; writers begin by `BEGIN IMMEDIATE`, which excludes other writers."""
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Cut distinct values, sorted, to what one IN list may have."""
    distinct = sorted(set(values))
    return (distinct[start : start + IN_LIMIT] for start in range(0, len(distinct), IN_LIMIT))


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself: _begin does
    for setting in _SQLITE_SETTINGS:
        connection.execute(setting)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def fault_of(error: BaseException | None) -> Fault:
    """Say what a driver's error means, by its code and never by its text."""
    code = getattr(error, "sqlite_errorcode", None)
    return "other" if code is None else _SQLITE_FAULTS.get(code & 0xFF, "other")
