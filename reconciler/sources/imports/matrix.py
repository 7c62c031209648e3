"""CSV: a row per feature or limit, a column per package, as `compare --format csv` prints it."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import InvalidError
from reconciler.model.patterns import PACKAGE_KEY_PATTERN
from reconciler.model.terms import CAPS
from reconciler.sources.imports.amounts import UNSTATED_CAPS, quantity_of
from reconciler.sources.imports.bounded import text_of
from reconciler.sources.imports.imported import Import
from reconciler.sources.imports.names import key_of, line_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEADING: Final = ("section", "key", "title", "unit")
_YES: Final = frozenset(("yes", "y", "true", "x", "✓", "✔", "✅", "included", "on"))
_NO: Final = frozenset(("no", "n", "false", "", "-", "–", "—", "✗", "✘", "❌", "not included", "off"))  # noqa: RUF001 - people's dashes
_TERMS: Final = frozenset((*CAPS, "expiry"))
_KEY: Final = re.compile(PACKAGE_KEY_PATTERN.strip("^$"))
_CYCLE: Final = "per cycle"


def from_csv(content: bytes) -> Import:
    """Return catalog and packages; raises `InvalidError` where the file is no such table.

    Columns named `section`, `key`, `title` and `unit` describe the rows; without any, the first one holds the
    titles. A row whose key is `key` holds the packages' keys.
    """
    rows = _rows(content)
    if len(rows) < 2 or len(rows[0]) < 2:  # noqa: PLR2004 - a heading and a row, a title and a package
        raise InvalidError("the file is no table with a heading, packages as columns and features as rows")
    heading = [cell.strip().lower() for cell in rows[0]]
    places = {str(name): heading.index(name) for name in _LEADING if name in heading} or {"title": 0}
    columns = [number for number, name in enumerate(heading) if number not in places.values() and name]
    titles = {number: _bare(rows[0][number])[:120] for number in columns}
    into, keys = Import(), _keys(titles)
    packages: dict[int, dict[str, Any]] = {
        number: {"title": title, **UNSTATED_CAPS} for number, title in titles.items()
    }
    for row in rows[1:]:
        described = {name: _bare(row[place]) for name, place in places.items() if place < len(row)}
        cells = {number: _bare(row[number]) if number < len(row) else "" for number in columns}
        if described.get("key") == "key":
            keys = _keys(cells)
        elif described.get("title") or described.get("key"):
            _read_row(into, packages, described, cells)
    into.packages = {keys[number]: document for number, document in packages.items()}
    return into


def _keys(names: Mapping[int, str]) -> dict[int, str]:
    """Return a key per column: the name where it is one, else one made of it, each once."""
    keys: dict[int, str] = {}
    for number, name in names.items():
        is_key = _KEY.fullmatch(name) is not None and name not in keys.values()
        keys[number] = name if is_key else key_of(name, keys.values())
    return keys


def _rows(content: bytes) -> list[list[str]]:
    try:
        text = text_of(content)
        dialect = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
        return [row for row in csv.reader(StringIO(text), delimiter=dialect) if any(row)]
    except csv.Error as error:
        raise InvalidError(f"the file is no CSV: {error}") from error


def _bare(cell: str) -> str:
    """Take off the apostrophe that keeps a spreadsheet from calculating."""
    text = line_of(cell)
    return text[1:] if text.startswith(("'=", "'+", "'-", "'@")) else text


def _read_row(
    into: Import,
    packages: Mapping[int, dict[str, Any]],
    described: Mapping[str, str],
    cells: Mapping[int, str],
) -> None:
    title = (described.get("title") or described["key"])[:120]
    key = key_of(described.get("key") or title)
    words = {cell.lower() for cell in cells.values()}
    if key in _TERMS:
        _read_term(into, packages, key, cells)
    elif words <= _YES | _NO and described.get("section", "").lower() != "limits":
        into.features[key] = {"title": title}
        for number, cell in cells.items():
            if cell.lower() in _YES:
                packages[number].setdefault("features", []).append(key)
    else:
        into.limits[key] = {"title": title, **_counted(described.get("unit", ""))}
        for number, cell in cells.items():
            if (
                cell.lower() not in _NO
                and (amount := _amount(cell, f"{packages[number]['title']}, {title}", into)) is not None
            ):
                packages[number].setdefault("limits", {})[key] = amount


def _counted(unit: str) -> dict[str, str]:
    """Split `session per cycle`."""
    bare = unit.removesuffix(_CYCLE).strip()[:40]
    named = {"unit": bare} if bare else {}
    return {**named, "per": "cycle"} if unit.endswith(_CYCLE) else named


def _read_term(
    into: Import, packages: Mapping[int, dict[str, Any]], key: str, cells: Mapping[int, str]
) -> None:
    for number, cell in cells.items():
        if cell.lower() in _NO or cell.lower() == "never":
            continue
        value = cell if key == "expiry" else _amount(cell, f"{packages[number]['title']}, {key}", into)
        if value is not None:
            packages[number][key] = value


def _amount(cell: str, where: str, into: Import) -> Any:
    digits = cell.replace(",", "").replace(" ", "").replace("\u202f", "")
    return quantity_of(int(digits) if digits.isdecimal() and digits.isascii() else cell, where, into)
