"""The shipped JSON Schemas, compiled once each."""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from typing import Any, Literal, TypeAlias

from jsonschema_rs import Draft202012Validator

Kind: TypeAlias = Literal["package", "catalog", "reconciler"]


@cache
def schema_text(kind: Kind) -> bytes:
    """Return the schema's file."""
    content = pkgutil.get_data("reconciler.validation", f"schemas/{kind}.schema.json")
    if content is None:
        raise FileNotFoundError(f"the installation lacks the schema {kind!r}")
    return content


@cache
def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the schema; shared, so not to be changed."""
    schema: dict[str, Any] = json.loads(schema_text(kind))
    return schema


@cache
def validator_of(kind: Kind) -> Draft202012Validator:
    """Return the fast validator, which says only yes or no."""
    return Draft202012Validator(schema_of(kind))
