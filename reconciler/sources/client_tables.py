"""Clients as a table: CSV with a header, as spreadsheets write it, to one JSON document per row."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from reconciler.errors import InvalidError
from reconciler.model.findings import Finding, Position
from reconciler.validation.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

COLUMNS: Final = ("id", "name", "owner_email", "status", "package", "assigned_at", "users")
USAGE: Final = "usage."
"""Before the key of a meter: the column of what was used of it."""
GRANT: Final = "grant."
"""Before a term: the column of what is granted of it (rule 17). No form of it begins like a formula."""
_GRANTED: Final = re.compile(
    r"((?P<add>[0-9]{1,20}) more(?P<once> once)? "
    r"|(at least (?=[0-9])|(?=u))(?P<set_to>[0-9]{1,20}|unlimited) )?"
    r"until (?P<until>\S+)\Z"
)
_GRANT_FORMS: Final = (
    "`500 more until cycle`, `at least 200 until 2027-01-01` or, of a feature, `until reassigned`"
)
_SEPARATORS: Final = ",;\t"
_STATED_SEPARATOR: Final = re.compile(r"sep=([,;\t])\s*\Z", re.IGNORECASE)
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}\Z")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


class Record(Struct, frozen=True):
    """What one line, or one row, states.

    Attributes:
        number: Of its first line, from 1.
        content: A JSON document.
        columns: Where in a row each key stands, from 1.
        fault: Why it cannot be read; empty where it can.
    """

    number: int
    content: bytes = b""
    columns: Mapping[str, int] = field(default_factory=dict)
    fault: str = ""


def is_table(first: bytes) -> bool:
    """Whether a first line is the header of a table, or what spreadsheets write before one."""
    text = first.decode(errors="replace")
    return bool(_STATED_SEPARATOR.match(text)) or bool(_known(_cells(text, _separator(text))))


def rows(lines: Iterable[tuple[int, bytes]], name: str, longest: int) -> Iterator[Record]:
    """Yield a record per row below the header; rows without any content are passed over.

    Args:
        lines: The header first; cells are separated by commas, semicolons or tabs.
        name: What findings call the table.
        longest: Bytes; a line that has more was cut.

    Raises:
        InvalidError: The header is none.
    """
    reading = _Reading(iter(lines), longest)
    text = next(reading)
    stated = _STATED_SEPARATOR.match(text)
    header = next(reading, "") if stated else text
    separator = stated[1] if stated else _separator(header)
    columns = _columns(_cells(header, separator), name, reading.number)
    reader = csv.reader(reading, delimiter=separator, strict=True)
    while (row := _next(reader, reading)) is not None:
        if isinstance(row, Record):
            yield row
        elif any(map(str.strip, row)):
            yield _record(reading, columns, row)


class _Reading:
    """Lines as text, which knows where the row began that is read from it."""

    def __init__(self, lines: Iterator[tuple[int, bytes]], longest: int) -> None:
        self.number, self.begins, self.is_cut = 0, 0, False
        self._lines, self._longest = lines, longest

    def __iter__(self) -> _Reading:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        self.begins = self.begins or self.number
        self.is_cut = self.is_cut or len(line) > self._longest
        return line.decode(errors="surrogateescape")

    def begin(self) -> None:
        """Forget the row before."""
        self.begins, self.is_cut = 0, False


def _next(reader: Iterator[list[str]], reading: _Reading) -> list[str] | Record | None:
    reading.begin()
    try:
        return next(reader, None)
    except csv.Error as error:
        return Record(reading.begins, fault=f"no row of CSV: {error}")


def _record(reading: _Reading, columns: Sequence[str], row: Sequence[str]) -> Record:
    number = reading.begins
    if reading.is_cut:
        return Record(number, fault="the row is too long")
    beyond = next((place for place, cell in enumerate(row, 1) if cell.strip() and place > len(columns)), None)
    if beyond:
        return Record(number, fault=f"cell {beyond} has no column: is a separator within a cell not quoted?")
    stated = {key: cell.strip() for key, cell in zip(columns, row, strict=False) if key and cell.strip()}
    places = {key: place for place, key in enumerate(columns, 1) if key in stated}
    granted = [key for key in stated if key.startswith(GRANT)]
    ill = next((key for key in granted if not _GRANTED.match(stated[key])), None)
    if ill is not None:
        return Record(number, fault=f"cell {places[ill]} (`{ill}`) states no grant: write {_GRANT_FORMS}")
    places |= {f"grants.{which}": places[key] for which, key in enumerate(granted)}
    try:
        return Record(number, json.dumps(_document(stated), ensure_ascii=False).encode(), places)
    except UnicodeEncodeError:
        return Record(number, fault="the row is not UTF-8: save the table as CSV UTF-8")


def _document(stated: Mapping[str, str]) -> dict[str, Any]:
    usage = {key.removeprefix(USAGE): _amount(cell) for key, cell in stated.items() if key.startswith(USAGE)}
    grants = [_grant(key.removeprefix(GRANT), cell) for key, cell in stated.items() if key.startswith(GRANT)]
    document: dict[str, Any] = {key: cell for key, cell in stated.items() if key in COLUMNS}
    if "users" in stated:
        document["users"] = _amount(stated["users"])
    if "assigned_at" in stated:
        document["assigned_at"] = _instant(stated["assigned_at"])
    found = {"usage": usage, "grants": grants}
    return {**document, **{key: each for key, each in found.items() if each}}


def _grant(term: str, cell: str) -> dict[str, Any]:
    """Return what a cell grants: so much more, at least so much, or a feature."""
    found = _GRANTED.match(cell)
    if found is None:
        raise AssertionError(cell)
    amounts = {name: _amount(found[name]) for name in ("add", "set_to") if found[name]}
    return {"term": term, "until": _instant(found["until"]), "once": bool(found["once"]), **amounts}


def _instant(cell: str) -> str:
    """Return a day as its first instant in UTC."""
    return f"{cell}T00:00:00Z" if _DAY.match(cell) else cell


def _amount(cell: str) -> int | str:
    return int(cell) if _WHOLE.match(cell) else cell


def _columns(header: Sequence[str], name: str, line: int) -> tuple[str, ...]:
    columns = tuple(map(_column, header))
    faults = [_fault(columns, place) for place in range(len(columns))]
    findings = [
        Finding(name, Position(line, place), "bad-client-line", *fault)
        for place, fault in enumerate(faults, 1)
        if fault
    ]
    if "id" not in columns:
        findings.append(Finding(name, Position(line), "bad-client-line", "there is no column `id`", ""))
    if findings:
        raise InvalidError("the table's header is not sound; nothing was imported", findings=tuple(findings))
    return columns


def _fault(columns: Sequence[str], place: int) -> tuple[str, str] | None:
    column = columns[place]
    if not column or _is_column(column):
        return (f"there are two columns `{column}`", "") if column and column in columns[:place] else None
    fix = did_you_mean(column, COLUMNS) or f"columns are {', '.join(COLUMNS)}, {USAGE}KEY and {GRANT}TERM"
    return f"there is no column `{column}`", fix


def _is_column(column: str) -> bool:
    return column in COLUMNS or column.startswith((USAGE, GRANT))


def _column(cell: str) -> str:
    """Return the key that a heading stands for: `Owner email` is `owner_email`."""
    return cell.strip().casefold().replace(" ", "_")


def _cells(text: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=separator), [])
    except csv.Error:
        return []


def _separator(header: str) -> str:
    """Return what separates the header into the most columns that are known."""
    return max(_SEPARATORS, key=lambda each: len(_known(_cells(header, each))))


def _known(cells: Iterable[str]) -> list[str]:
    return [cell for cell in map(_column, cells) if _is_column(cell)]
