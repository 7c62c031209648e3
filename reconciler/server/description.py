"""The API's description: OpenAPI 3.1, made from the routes and committed as `schemas/openapi.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from reconciler.server.app import routes
from reconciler.sources.atomic import write_file
from reconciler.wire.paths import PROBLEM
from reconciler.wire.problems import DESCRIPTIONS, Problem

if TYPE_CHECKING:
    from pathlib import Path

_NO_BODY: Final = 304
_SCHEMAS: Final = "#/components/schemas/"


def document() -> dict[str, Any]:
    """Return the description."""
    described = routes().openapi()
    components = described["components"]
    components["schemas"] |= _problem_schemas()
    components["responses"] = {str(status): _response(status) for status in DESCRIPTIONS}
    plain: dict[str, Any] = _plain(described)
    return plain


def _plain(node: Any) -> Any:
    """Say the same so that generators of clients understand it.

    In a union they take a constant for all there is, and of a mapping they know no pattern of its keys.
    """
    match node:
        case {"const": value, **rest}:
            return {**_plain(rest), "enum": [value]}
        case {"patternProperties": dict(patterns), "additionalProperties": False, **rest} if (
            len(patterns) == 1
        ):
            ((pattern, value),) = patterns.items()
            names = {"propertyNames": {"pattern": pattern}, "additionalProperties": _plain(value)}
            return {**_plain(rest), **names}
        case dict():
            return {key: _plain(each) for key, each in node.items()}
        case list():
            return [_plain(each) for each in node]
        case _:
            return node


def write_description(path: Path) -> None:
    """Write the committed file anew, after a route or a body changed."""
    write_file(path, description().encode())


def description() -> str:
    """Return the description as the committed file has it."""
    return json.dumps(document(), indent=1) + "\n"


def _problem_schemas() -> dict[str, Any]:
    _, schema = models_json_schema([(Problem, "serialization")], ref_template=_SCHEMAS + "{model}")
    schemas: dict[str, Any] = schema["$defs"]
    return schemas


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"description": DESCRIPTIONS[status]}
    if status != _NO_BODY:
        response["content"] = {PROBLEM: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
    return response
