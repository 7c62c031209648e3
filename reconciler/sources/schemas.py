"""The shipped JSON Schemas, compiled once each."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jsonschema_rs import Draft202012Validator

from reconciler import validation

Kind: TypeAlias = Literal["package", "catalog", "reconciler"]


@cache
def schema_text(kind: Kind) -> bytes:
    """Return the schema's file."""
    return (Path(validation.__path__[0]) / "schemas" / f"{kind}.schema.json").read_bytes()


@cache
def schema_of(kind: Kind) -> dict[str, Any]:
    """Return the schema; shared, so not to be changed."""
    schema: dict[str, Any] = json.loads(schema_text(kind))
    return schema


@cache
def validator_of(kind: Kind) -> Draft202012Validator:
    """Return the fast validator, which says only yes or no."""
    return Draft202012Validator(schema_of(kind))
