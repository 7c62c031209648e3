"""Field types that the bodies share. Bounds are those that every store can keep.

Faults are bounded too: a body of some megabytes can have millions of them, which take hundreds of times the
memory of what is at fault. So a list is read up to its first fault, and keys are counted before they are
read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.quantities import LARGEST_QUANTITY

LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f]+$"
TEXT_PATTERN: Final = r"^[^\x00]*$"
PACKAGE_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,63}$"

_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
"""A date-time of RFC 3339, section 5.6."""
_KEYS_OF_A_BODY: Final = 30
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def _whole(value: Any) -> Any:
    """JSON Schema takes 2.0 for an integer too: JSON has numbers of one kind."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _only_text(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _TIMESTAMP.match(value)):
        return value
    raise ValueError("an instant is text, such as 2026-11-01T12:00:00Z")


def _in_utc(instant: datetime) -> datetime:
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError("an instant lies between the years 1 and 9999")
    return instant.astimezone(UTC)


Instant: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_only_text), AfterValidator(_in_utc)]
Line: TypeAlias = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=LINE_PATTERN)]
Text: TypeAlias = Annotated[StrictStr, Field(max_length=5_000, pattern=TEXT_PATTERN)]
Email: TypeAlias = Annotated[StrictStr, Field(min_length=1, max_length=320, pattern=LINE_PATTERN)]
PackageKey: TypeAlias = Annotated[StrictStr, Field(pattern=PACKAGE_PATTERN)]
Hash: TypeAlias = Annotated[StrictStr, Field(pattern=r"^sha256:[0-9a-f]{1,64}$")]
ExpiryText: TypeAlias = Annotated[StrictStr, Field(pattern=EXPIRY_PATTERN)]
WHOLE: Final = BeforeValidator(_whole)
Amount: TypeAlias = Annotated[StrictInt, Field(ge=0, le=LARGEST_QUANTITY), WHOLE]
Number: TypeAlias = Annotated[StrictInt, Field(ge=1, le=2**31 - 1), WHOLE]
Quantity: TypeAlias = Annotated[
    Annotated[Amount, Tag("number")] | Annotated[Literal["unlimited"], Tag("text")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "number"),
]
"""Told apart beforehand, so that a wrong one is one fault."""
Status: TypeAlias = Literal["active", "disabled", "archived"]


def items_at_most(most: int) -> Any:
    """Bound a list."""
    return Field(max_length=most, fail_fast=True)


@dataclass(frozen=True, slots=True)
class KeysAtMost:
    """Bounds a mapping, before any of its keys is looked at, and describes that all of them must match."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make pydantic count."""
        counted = partial(_counted, most=self.most)
        return core_schema.no_info_before_validator_function(counted, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe it."""
        return {**handler(schema), "maxProperties": self.most, "additionalProperties": False}


def _counted(value: Any, most: int) -> Any:
    if isinstance(value, dict) and len(value) > most:
        raise ValueError(f"at most {most:,} keys, not {len(value):,}")
    return value


class Body(BaseModel):
    """Something that is sent: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, value: Any) -> Any:
        return _counted(value, _KEYS_OF_A_BODY)


def _require_kind(schema: dict[str, Any]) -> None:
    schema["required"] = ["kind", *schema.get("required", ())]


class Variant(Body):
    """One of several bodies, told apart by their `kind`, which is always sent."""

    model_config = ConfigDict(json_schema_extra=_require_kind)


class Reply(BaseModel):
    """Something that is answered: a newer server may add keys, which are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)
