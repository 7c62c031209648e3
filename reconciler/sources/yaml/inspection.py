"""The slow no: every fault of a file, and the place of every key and value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from msgspec import Struct
from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.model.findings import Position
from reconciler.sources.yaml import faults
from reconciler.sources.yaml.bounds import DEEPEST, LARGEST_FILE, LONGEST_TEXT, MOST_EVENTS, MOST_FAULTS
from reconciler.sources.yaml.scalars import FORBIDDEN, TIGHT_COMMENT, NotPlainError, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.sources.yaml.faults import Fault, Path

_MOST_CHARACTERS_TOLD: Final = 20
_UNREADABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters, at which libyaml gives up."""


def text_of(content: bytes) -> tuple[str | None, tuple[Fault, ...]]:
    """Return the text, None where YAML cannot be read from it, and what is wrong with it."""
    if len(content) > LARGEST_FILE:
        message = f"the file has more than {LARGEST_FILE // 1024:,} KiB"
        return None, (faults.fault("file-too-large", (), Position(), message),)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return None, (_not_utf8(content, error.start),)
    body = text.removeprefix("\ufeff")
    found = tuple(_forbidden(body))
    return (None if _UNREADABLE.search(body) else text), found


def _not_utf8(content: bytes, offset: int) -> Fault:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return faults.fault("yaml-encoding", (), Position(), "the file is UTF-16, not UTF-8")
    before = content[:offset].decode().removeprefix("\ufeff")
    message = f"the byte 0x{content[offset]:02x} is not UTF-8"
    return faults.fault("yaml-encoding", (), _position_after(before), message)


def _forbidden(text: str) -> list[Fault]:
    found = []
    for match in FORBIDDEN.finditer(text):
        message = faults.forbidden_message(match[0])
        position = _position_after(text[: match.start()])
        found.append(faults.fault("forbidden-character", (), position, message))
        if len(found) == _MOST_CHARACTERS_TOLD:
            break
    return found


def _position_after(text: str) -> Position:
    return Position(text.count("\n") + 1, len(text) - text.rfind("\n"))


Value: TypeAlias = Any
_ROOT: Final[Path] = ()


class Place(Struct, frozen=True):
    """Where a value starts, and where its key does; for list items and the document, the same."""

    key: Position
    value: Position


class Inspection(Struct, frozen=True):
    """A file read with care.

    Attributes:
        document: What it holds, with a stand-in wherever a fault is; None where it could not be read to its
            end.
        places: Per path of keys and list indexes; the document itself is at `()`.
        faults: In the order of the file.
    """

    document: Value
    places: Mapping[Path, Place]
    faults: tuple[Fault, ...]

    @property
    def faulty_paths(self) -> frozenset[Path]:
        """Paths whose value is a stand-in, so that nobody judges it a second time."""
        return frozenset(fault.path for fault in self.faults)


class _StopError(Exception):
    """The rest of the file cannot be told; the fault that says so is recorded."""


def inspect(content: bytes) -> Inspection:
    """Read a file completely and slowly; never raises for what the file holds."""
    text, found = text_of(content)
    if text is None:
        return Inspection(None, {}, found)
    reader = _Reader(CParser(content), text, list(found))
    try:
        document = reader.document()
    except YAMLError as error:
        reader.faults.append(faults.syntax(error, text))
        document = None
    except _StopError:
        document = None
    return Inspection(document, reader.places, tuple(sorted(reader.faults, key=lambda fault: fault.position)))


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1)


class _Reader:
    """Recursive descent over the events; `DEEPEST` bounds the recursion."""

    def __init__(self, parser: CParser, text: str, found: list[Fault]) -> None:
        self._get_event: Callable[[], Any] = parser.get_event
        self._text = text.removeprefix("\ufeff")
        self._events = 0
        self.faults = found
        self.places: dict[Path, Place] = {}

    def document(self) -> Value:
        """Read the one document; raises YAMLError and `_StopError`."""
        self._next()
        start = self._next()
        if start.__class__ is StreamEndEvent:
            raise self._stop("empty-file", Position(), "the file is empty")
        if start.version or start.tags:
            self._fault("yaml-directive", start, _ROOT, "a YAML directive such as `%YAML` is not accepted")
        document = self._node(self._next(), _ROOT)
        self._next()  # libyaml ends a document after its only node
        after = self._next()
        if after.__class__ is DocumentStartEvent:
            raise self._stop(
                "yaml-several-documents", _position(after.start_mark), "a second document begins here"
            )
        return document

    def _next(self) -> Any:
        self._events += 1
        event = self._get_event()
        if self._events > MOST_EVENTS:
            raise self._stop(
                "yaml-too-many-values",
                _position(event.start_mark),
                f"the file has more than {MOST_EVENTS:,} keys and values",
            )
        return event

    def _fault(self, rule: str, event: Any, path: Path, message: str) -> None:
        if len(self.faults) >= MOST_FAULTS:
            raise self._stop(
                "too-many-faults",
                _position(event.start_mark),
                f"the file has more than {MOST_FAULTS} faults; what follows was not checked",
            )
        self.faults.append(faults.fault(rule, path, _position(event.start_mark), message))

    def _stop(self, rule: str, position: Position, message: str) -> _StopError:
        self.faults.append(faults.fault(rule, _ROOT, position, message))
        return _StopError(rule)

    def _node(self, event: Any, path: Path, key: Position | None = None) -> Value:
        start = _position(event.start_mark)
        self.places[path] = Place(key or start, start)
        if len(path) >= DEEPEST and event.__class__ is not ScalarEvent:
            raise self._stop("yaml-too-deep", start, faults.TOO_DEEP)
        if event.anchor is not None:
            self._fault("yaml-anchor", event, path, faults.anchor_message(event))
        if event.__class__ is AliasEvent:
            return ""
        if event.tag is not None:
            self._fault("yaml-tag", event, path, f"the tag `{event.tag[:60]}` is not accepted")
        if event.__class__ is ScalarEvent:
            return self._scalar(event, path)
        return self._mapping(path, start) if event.__class__ is MappingStartEvent else self._sequence(path)

    def _sequence(self, path: Path) -> list[Value]:
        items: list[Value] = []
        while (event := self._next()).__class__ is not SequenceEndEvent:
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path, start: Position) -> dict[str, Value]:
        values: dict[str, Value] = {}
        while (event := self._next()).__class__ is not MappingEndEvent:
            position = _position(event.start_mark)
            key = self._key(event, path)
            if key is None:
                self._node(self._next(), (*path, "?"))
            elif key in values:
                first = self.places[*path, key].key
                message = f"the key `{key}` is already set on line {first.line}"
                self._fault("yaml-duplicate-key", event, (*path, key), message)
                self._skip(path, key)
            else:
                values[key] = self._node(self._next(), (*path, key), position)
        self.places[path] = Place(self.places[path].key, start)
        return values

    def _skip(self, path: Path, key: str) -> None:
        """Read the value of a repeated key for its faults, and keep the places of the first."""
        kept = self.places[*path, key]
        self._node(self._next(), (*path, key))
        self.places[*path, key] = kept

    def _key(self, event: Any, path: Path) -> str | None:
        """Return the key, or None where it is not one; the event after it is its value's."""
        if event.__class__ is not ScalarEvent:
            self._fault("yaml-key-not-text", event, path, faults.COMPLEX_KEY)
            self._node(event, (*path, "?"))
            return None
        text: str = event.value
        if text == "<<" and not event.style:
            self._fault("yaml-merge-key", event, (*path, "<<"), "the merge key `<<` is not accepted")
            return None
        if event.anchor is not None:
            self._fault("yaml-anchor", event, path, faults.anchor_message(event))
        if event.tag is not None:
            self._fault("yaml-tag", event, path, f"the tag `{event.tag[:60]}` is not accepted")
        if not event.style and not _is_text(text):
            self._fault("yaml-key-not-text", event, path, f"the key `{text[:60]}` is not text")
            return None
        value = self._scalar(event, path)
        return value if isinstance(value, str) else None

    def _scalar(self, event: Any, path: Path) -> Value:
        text: str = event.value
        if len(text) > LONGEST_TEXT:
            self._fault("yaml-too-long", event, path, f"a text of more than {LONGEST_TEXT:,} characters")
            return text[:LONGEST_TEXT]
        if event.style == '"' and (match := FORBIDDEN.search(text)):
            self._fault("forbidden-character", event, path, faults.forbidden_message(match[0]))
        is_mark_alone = not text and (event.anchor or event.tag)
        return text if event.style or is_mark_alone else self._plain(event, path)

    def _plain(self, event: Any, path: Path) -> Value:
        text: str = event.value
        cut = TIGHT_COMMENT.match(self._text, event.end_mark.index)
        if cut and (not text or _is_text(text)):
            self._fault("yaml-text-cut", event, path, faults.cut_message(cut[1]))
            return text
        try:
            return plain(text)
        except NotPlainError as error:
            self._fault(error.rule, event, path, faults.not_plain_message(error.rule, text, path))
            return text


def _is_text(text: str) -> bool:
    try:
        return isinstance(plain(text), str)
    except NotPlainError:
        return False
