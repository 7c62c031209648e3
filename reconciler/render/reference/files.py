"""The keys of a file format as a page of Markdown, from its JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from reconciler.validation.wording import PATTERNS, expected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Shape: TypeAlias = "Mapping[str, Any]"


def files_page(schemas: Mapping[str, Shape]) -> str:
    """Return the page of all formats, by the path of their files."""
    lines = ["# Files", "", "The JSON Schemas in `schemas/` say the same to editors and machines.", ""]
    for path, schema in schemas.items():
        lines += [f"## `{path}`", "", schema["description"], "", *_keys(schema, schema)]
        for name, inner in _inner(schema):
            lines += [f"### In `{path}`: {name}", "", inner["description"], "", *_keys(inner, schema)]
    return "\n".join(lines).rstrip() + "\n"


def _inner(schema: Shape) -> Iterator[tuple[str, Shape]]:
    for definition in schema.get("$defs", {}).values():
        if "properties" in definition:
            yield str(definition["title"]).lower(), definition


def _keys(shape: Shape, root: Shape) -> Iterator[str]:
    yield "| key | value | meaning |"
    yield "|---|---|---|"
    required = shape.get("required", ())
    for key, value in shape["properties"].items():
        resolved = _resolved(value, root)
        kind = "**required**, " if key in required else ""
        default = _default(value)
        meaning = value.get("description", resolved.get("description", ""))
        yield f"| `{key}` | {kind}{_cell(_words(value, root))}{default} | {_cell(meaning)} |"
    yield ""


def _resolved(shape: Shape, root: Shape) -> Shape:
    reference = shape.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if reference else shape


def _default(shape: Shape) -> str:
    default = shape.get("default")
    return (
        f"; default `{json.dumps(default)}`"
        if default not in (None, "", [], {}) and not isinstance(default, dict)
        else ""
    )


def _words(shape: Shape, root: Shape) -> str:
    resolved = _resolved(shape, root)
    match resolved:
        case {"type": "array", "items": items}:
            return f"a list: {_words(items, root)} each"
        case {"type": "object", "properties": _}:
            return f"a mapping, see {str(resolved['title']).lower()}"
        case {"type": "object"}:
            values = [*resolved.get("patternProperties", {}).values(), resolved.get("additionalProperties")]
            return f"a mapping: {_words(values[0], root)} per key"
        case {"anyOf": branches}:
            return ", or ".join(_words(each, root) for each in branches)
        case _:
            return _single_words(resolved, root)


def _single_words(shape: Shape, root: Shape) -> str:
    match shape:
        case {"pattern": str(pattern)}:
            return PATTERNS[pattern][1]
        case {"maxLength": int(most)}:
            return f"text, at most {most:,} characters"
        case _:
            return expected(shape, root)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
