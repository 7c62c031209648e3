"""Field types that bodies share beside those of the model (`model/fields`), and what all bodies have."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import Struct
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictStr,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from reconciler.model import forms
from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.fields import Amount, few_keys

BOUND_PATTERN: Final = r"^(unlimited|([1-9][0-9]?|100)%)$"

Text: TypeAlias = Annotated[str, forms.TEXT]
Hash: TypeAlias = Annotated[str, forms.HASH]
ExpiryText: TypeAlias = Annotated[StrictStr, Field(pattern=EXPIRY_PATTERN)]
Quantity: TypeAlias = Annotated[
    Annotated[Amount, Tag("number")] | Annotated[Literal["unlimited"], Tag("text")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "number"),
]
"""Told apart beforehand, so that a wrong one is one fault."""


def sentence(message: str) -> str:
    """Return what a validator of ours says, without pydantic's words before it."""
    return message.removeprefix("Value error, ")


class KeysAtMost(Struct, frozen=True):
    """Bounds a mapping, before any of its keys is looked at, and describes that all of them must match."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Make pydantic count."""
        counted = partial(few_keys, most=self.most)
        return core_schema.no_info_before_validator_function(counted, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe it."""
        return {**handler(schema), "maxProperties": self.most, "additionalProperties": False}


class Body(BaseModel):
    """Something that is sent: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @model_validator(mode="before")
    @classmethod
    def _few_keys(cls, value: Any) -> Any:
        return few_keys(value)


def _require_kind(schema: dict[str, Any]) -> None:
    schema["required"] = ["kind", *schema.get("required", ())]


class Variant(Body):
    """One of several bodies, told apart by their `kind`, which is always sent."""

    model_config = ConfigDict(json_schema_extra=_require_kind)


class Reply(BaseModel):
    """Something that is answered: a newer server may add keys, which are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)
