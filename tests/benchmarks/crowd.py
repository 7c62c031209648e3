"""Many clients, fast: some are imported, and the database makes copies of them.

Copies have all that they hold, use and were granted, and no events of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Integer, Text, cast, insert, literal, select, true

from reconciler.live.embedded.platform import EmbeddedPlatform
from reconciler.store import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import CTE, ColumnElement

    from reconciler.live.port import Platform
    from reconciler.model.clients import ClientLine

_COPIED: Final = (tables.clients, tables.subscriptions, tables.usage, tables.grants)


def crowd(
    platform: Platform, lines: Callable[[int], Iterable[ClientLine]], count: int, imported: int, at: datetime
) -> None:
    """Import so many of the lines, and copy them until there are `count`, which is a multiple of it."""
    platform.import_clients(lines(min(imported, count)), at)
    if count > imported:
        assert isinstance(platform, EmbeddedPlatform)
        assert count % imported == 0
        _copy(platform, count // imported - 1)


def _copy(platform: EmbeddedPlatform, times: int) -> None:
    copies = select(literal(1, Integer).label("n")).cte("copies", recursive=True)
    copies = copies.union_all(select(copies.c.n + 1).where(copies.c.n < times))
    with platform.database.writing() as connection:
        for table in _COPIED:
            columns = [_of_copy(table.name, column, copies) for column in table.columns]
            copied = select(*columns).select_from(table.join(copies, true()))
            connection.execute(insert(table).from_select(table.columns.keys(), copied))


def _of_copy(table: str, column: ColumnElement[Any], copies: CTE) -> ColumnElement[Any]:
    number = cast(copies.c.n, Text)
    match table, column.key:
        case "clients", "number":
            return column + copies.c.n
        case ("clients", "id") | (_, "client_id"):
            return column + literal("-", Text) + number
        case _, "owner_email" | "normal_email":
            return number + literal("-", Text) + column
        case _:
            return column
