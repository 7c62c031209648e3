"""Lists that a statement is about, each one bound parameter: a JSON array with an array per row.

So one statement speaks of many, and a reader needs no temporary table. A list that stands beside a row of
another is read by the same function, row by row.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import JSON, BigInteger, Integer, Text, bindparam, cast, column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from reconciler.store.columns import ALWAYS_PAST, NEVER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import ColumnElement, Subquery, TableValuedAlias
    from sqlalchemy.sql.compiler import SQLCompiler

_SIZE: Final = "_size"


class _Elements(FunctionElement[Any]):
    """The elements of an array, a row each, in the column `value`."""

    inherit_cache = True


@compiles(_Elements)
def _as_function(element: _Elements, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **more)} AS JSON))"


@compiles(_Elements, "sqlite")
def _as_virtual_table(element: _Elements, compiler: SQLCompiler, **more: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **more)})"


def listed(name: str, columns: Sequence[str]) -> Subquery:
    """Return the rows that are bound by `binding(name, …)`.

    Its size is a limit, so that a database knows how few there are, and looks up the rest by them.
    """
    rows = rows_of(bindparam(name, type_=Text), f"{name}_rows")
    fields = (field(rows, place, each).label(each) for place, each in enumerate(columns))
    return select(*fields).limit(bindparam(f"{name}{_SIZE}", type_=Integer)).subquery(name)


def binding(name: str, rows: Collection[Sequence[object]]) -> Mapping[str, object]:
    """Return what to execute a statement with that reads `listed(name, …)`."""
    return {name: array(rows), f"{name}{_SIZE}": len(rows)}


def array(rows: Collection[Sequence[object]]) -> str:
    """Return rows as one parameter, or as one value of a row; raises OverflowError as a driver does."""
    if any(isinstance(each, int) and not ALWAYS_PAST <= each <= NEVER for row in rows for each in row):
        raise OverflowError
    return json.dumps(list(rows), ensure_ascii=False, separators=(",", ":"))


def rows_of(source: ColumnElement[str], name: str) -> TableValuedAlias:
    """Return the rows of an array, for `field`."""
    return _Elements(source).table_valued(column("value", JSON), name=name)


def field(rows: TableValuedAlias, place: int, name: str) -> ColumnElement[Any]:
    """Return what stands at a place of each row, as what a column of that name holds."""
    value: ColumnElement[Any] = rows.c.value[place].as_string()
    kind = typed(name)
    return value if kind is Text else cast(value, kind)


def typed(name: str) -> type[Text | BigInteger | Integer]:
    """Return the type of what is listed under a name; a number at its end says which of several it is."""
    return _TYPES[name.rstrip("0123456789")]


_TYPES: Final[Mapping[str, type[Text | BigInteger | Integer]]] = {
    "question": Integer,
    "package_id": Integer,
    "revision": Integer,
    "run": Integer,
    "from_revision": Integer,
    "to_revision": Integer,
    "spared": Text,
    "kept": Text,
    "ended": Integer,
    "restored": Integer,
    "mark": Text,
    "word": Text,
    "days": BigInteger,
    "meter": Text,
    "low": BigInteger,
    "high": BigInteger,
    "rows": Text,
    "set": Text,
}
