"""Foreign YAML and JSON, read within bounds: no anchors, no tags, no depth that could hurt."""

from __future__ import annotations

import json
from typing import Any, Final

import yaml
from yaml._yaml import CParser
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.errors import InvalidError

LARGEST: Final = 4 * 1024 * 1024
_DEEPEST: Final = 40
_MOST_EVENTS: Final = 500_000


def foreign_yaml(content: bytes) -> dict[str, Any]:
    """Return the mapping that a YAML 1.1 file holds, `.inf` included; raises `InvalidError`."""
    text = text_of(content)
    try:
        _check(CParser(text))
        document = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidError(f"the file is no YAML that can be read: {error}") from error
    return _mapping(document)


def foreign_json(content: bytes) -> Any:
    """Return what a JSON file holds; raises `InvalidError`."""
    try:
        return json.loads(text_of(content))
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"the file is no JSON that can be read: {error}") from error


def text_of(content: bytes) -> str:
    """Return the text; raises `InvalidError` where it is too large or not UTF-8."""
    if len(content) > LARGEST:
        raise InvalidError(f"the file has more than {LARGEST // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("the file is not UTF-8", hint="Save it as UTF-8.") from error


def _check(parser: CParser) -> None:
    depth = 0
    for _ in range(_MOST_EVENTS):
        event = parser.get_event()
        if isinstance(event, StreamEndEvent):
            return
        depth += isinstance(event, (MappingStartEvent, SequenceStartEvent))
        depth -= isinstance(event, (MappingEndEvent, SequenceEndEvent))
        if depth > _DEEPEST or getattr(event, "anchor", None) is not None:
            raise InvalidError("the file nests too deeply, or uses anchors", hint="Write the values out.")
    raise InvalidError("the file holds too many values")


def _mapping(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidError("the file does not hold a mapping")
    return {str(key): value for key, value in document.items()}


def mapping_in(document: Any, key: str) -> dict[str, Any]:
    """Return the mapping at a key; empty where there is none."""
    inner = document.get(key) if isinstance(document, dict) else None
    return {str(name): value for name, value in inner.items()} if isinstance(inner, dict) else {}


def listing_in(document: Any, *keys: str) -> list[dict[str, Any]]:
    """Return the mappings in the list at the first key that has one; empty where there is none."""
    for key in keys:
        inner = document.get(key) if isinstance(document, dict) else None
        if isinstance(inner, list):
            return [each for each in inner if isinstance(each, dict)]
    return []


def first_of(document: dict[str, Any], *keys: str) -> Any:
    """Return the first value that is there and not null."""
    return next((document[key] for key in keys if document.get(key) is not None), None)
