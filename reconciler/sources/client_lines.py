"""Clients in bulk: newline-delimited JSON, or a table, to values in memory that does not grow with them."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from msgspec import Meta, defstruct
from msgspec.json import Decoder
from pydantic import ValidationError

from reconciler.errors import InvalidError
from reconciler.model.clients import ClientLine, ClientStatus
from reconciler.model.documents.client import ClientDocument
from reconciler.model.english import agreed, counted
from reconciler.model.findings import Finding, Position
from reconciler.model.forms import composed, first_fault
from reconciler.model.quantities import LARGEST_QUANTITY
from reconciler.sources.client_tables import Record, is_table, rows
from reconciler.validation.wording import PATTERNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

LONGEST_LINE: Final = 64 * 1024
"""Bytes."""

MOST_FAULTS: Final = 50
"""Lines that are told one by one."""
_COUNT: TypeAlias = Annotated[int, Meta(ge=0, le=LARGEST_QUANTITY)]
_STATED: Final[list[Any]] = [
    ("id", str),
    ("name", str, None),
    ("owner_email", str, None),
    ("status", ClientStatus, None),
    ("package", str, None),
    ("users", _COUNT, None),
    ("usage", dict[str, _COUNT], None),
]
_PLAIN: Final = Decoder(defstruct("_Plain", _STATED, forbid_unknown_fields=True))
"""Reads what most lines state, an instant or a grant apart, in a tenth of the time that pydantic takes."""
_UTF_16: Final = (BOM_UTF16_BE, BOM_UTF16_LE)


def read_client_lines(stream: BinaryIO, *, name: str = "clients") -> Iterator[ClientLine]:
    """Yield the client of every line that is sound; blank lines are passed over.

    Args:
        stream: Newline-delimited JSON, or CSV with a header, in UTF-8; a byte order mark is passed over.
        name: What findings call the stream.

    Raises:
        InvalidError: After the last line, if any was not sound; so whoever consumes this must not have kept
            anything by then. Its findings name the first `MOST_FAULTS` of them.
    """
    findings: list[Finding] = []
    bad = 0
    for record in _records(stream, name):
        try:
            yield _client(record)
        except ValueError as error:
            bad += 1
            if len(findings) < MOST_FAULTS:
                findings.append(_finding(name, record, error))
    if bad:
        more = f" (the first {MOST_FAULTS} are listed)" if bad > MOST_FAULTS else ""
        raise InvalidError(
            f"{counted(bad, 'line')} {agreed(bad, 'is', 'are')} not sound{more}; nothing was imported",
            hint="repair the lines and import the whole file again",
            findings=tuple(findings),
        )


def _records(stream: BinaryIO, name: str) -> Iterator[Record]:
    lines = _numbered(stream)
    number, first = next(lines, (1, b""))
    if told := _why_unreadable(first):
        fault = Finding(name, Position(), "bad-client-line", *told)
        raise InvalidError("the file cannot be read; nothing was imported", findings=(fault,))
    first = first.removeprefix(BOM_UTF8)
    everything = chain([(number, first)] if first.strip() else (), lines)
    if is_table(first):
        return rows(everything, name, LONGEST_LINE)
    return (_record(number, line) for number, line in everything)


def _why_unreadable(first: bytes) -> tuple[str, str] | None:
    """Say why a file with this first line is not one of lines, and what to do."""
    if first.startswith(_UTF_16):
        return "it is UTF-16, not UTF-8", "save it as CSV UTF-8"
    if b"\r" in first.rstrip(b"\r\n"):
        return "its lines end in CR alone", "save it with the line ends of Unix, LF, or of Windows, CR LF"
    if first.removeprefix(BOM_UTF8).lstrip().startswith(b"["):
        return "it is one JSON array, not a client on each line", "write it so: `jq -c '.[]' FILE`"
    return None


def _record(number: int, line: bytes) -> Record:
    if len(line) > LONGEST_LINE:
        return Record(number, fault=f"the line has more than {LONGEST_LINE // 1024} KiB")
    return Record(number, line)


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their number from 1; a line that is too long is cut, and its rest passed over."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE or not line.isspace():
            yield number, line


def _client(record: Record) -> ClientLine:
    """Read one record; raises ValueError (pydantic's ValidationError is one)."""
    if record.fault:
        raise ValueError(record.fault)
    return _plain(record) or _explained(record)


def _plain(record: Record) -> ClientLine | None:
    """Return the line where nothing is wrong with it, nor to be converted; None: look closer."""
    try:
        told: Any = _PLAIN.decode(record.content)
    except ValueError:
        return None
    name, email = told.name, told.owner_email
    line = ClientLine(
        told.id, record.number, name, email, told.status, told.package, None, told.users, told.usage
    )
    is_composed = (name is None or name == composed(name)) and (email is None or email == email.strip())
    return line if is_composed and not first_fault(line.texts) else None


def _explained(record: Record) -> ClientLine:
    document = ClientDocument.model_validate_json(record.content)
    return ClientLine(
        id=document.id,
        line=record.number,
        name=document.name and composed(document.name),
        owner_email=document.owner_email and document.owner_email.strip(),
        status=document.status,
        package=document.package,
        assigned_at=document.assigned_at,
        users=document.users,
        usage=document.usage,
        grants=document.grants or (),
    )


def _finding(name: str, record: Record, error: ValueError) -> Finding:
    message, column = str(error), 1
    if isinstance(error, ValidationError):
        faults = error.errors(include_url=False, include_input=False)[:3]
        message = "; ".join(_sentence(fault) for fault in faults)
        column = record.columns.get(".".join(map(str, faults[0]["loc"][:2])), 1)
    return Finding(name, Position(record.number, column), "bad-client-line", message[:500])


def _sentence(fault: Any) -> str:
    """Say in our words what pydantic found."""
    place = ".".join(str(part)[:60] for part in fault["loc"] if part != "[key]")
    match fault["type"]:
        case "extra_forbidden":
            return f"there is no key `{place}`"
        case "missing":
            return f"the key `{place}` is missing"
        case "string_pattern_mismatch":
            return f"`{place}` must be {PATTERNS[fault['ctx']['pattern']][1]}"
        case "value_error":
            said = fault["msg"].removeprefix("Value error, ")
            return f"`{place}`: {said}" if place else said
        case _:
            said = fault["msg"].replace("Input should", "must")
            return f"`{place}` {said}" if place else said
