"""Field types that the documents share."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from reconciler.model import forms
from reconciler.model.patterns import (
    KEY_PATTERN,
    PACKAGE_KEY_PATTERN,
    SHARE_PATTERN,
    TERM_PATTERN,
)
from reconciler.model.quantities import LARGEST_QUANTITY

T = TypeVar("T")


def _model_title(model: type) -> str:
    return model.__name__.removesuffix("Document")


def _field_title(name: str, _field: object) -> str:
    return name.replace("_", " ").capitalize().replace("Ai ", "AI ")


class Document(BaseModel):
    """A mapping in a file: unknown keys and `null` are refused, nothing is converted."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        model_title_generator=_model_title,
        field_title_generator=_field_title,
    )

    @model_validator(mode="after")
    def _refuse_null(self) -> Self:
        empty = sorted(field for field in self.model_fields_set if getattr(self, field) is None)
        if empty:
            raise ValueError(f"null is refused; leave out {', '.join(empty)}")
        return self


def _refuse_repeats(items: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(items)) != len(items):
        raise ValueError("an item is listed twice")
    return items


Key: TypeAlias = Annotated[str, Field(pattern=KEY_PATTERN)]
TermName: TypeAlias = Annotated[str, Field(pattern=TERM_PATTERN)]
PackageKey: TypeAlias = Annotated[str, Field(pattern=PACKAGE_KEY_PATTERN)]
ClientId: TypeAlias = Annotated[str, forms.CLIENT_ID]
Title: TypeAlias = Annotated[str, forms.TITLE]
Description: TypeAlias = Annotated[str, forms.DESCRIPTION]
Count: TypeAlias = Annotated[int, Field(ge=0, le=LARGEST_QUANTITY)]
PositiveCount: TypeAlias = Annotated[int, Field(ge=1, le=LARGEST_QUANTITY)]
Share: TypeAlias = Annotated[str, Field(pattern=SHARE_PATTERN)]
Unlimited: TypeAlias = Literal["unlimited"]
Email: TypeAlias = Annotated[str, Field(min_length=3, max_length=320)]

_UNIQUE = AfterValidator(_refuse_repeats)
_UNIQUE_SCHEMA = Field(json_schema_extra={"uniqueItems": True})
UniqueKeys: TypeAlias = Annotated[tuple[Key, ...], _UNIQUE, _UNIQUE_SCHEMA]
UniquePackageKeys: TypeAlias = Annotated[tuple[PackageKey, ...], _UNIQUE, _UNIQUE_SCHEMA]
OldPackageKeys: TypeAlias = Annotated[
    tuple[PackageKey, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True}), _UNIQUE
]
UniqueClientIds: TypeAlias = Annotated[tuple[ClientId, ...], _UNIQUE, _UNIQUE_SCHEMA]
UniqueEmails: TypeAlias = Annotated[
    tuple[Email, ...],
    Field(min_length=1, max_length=10_000, json_schema_extra={"uniqueItems": True}),
    _UNIQUE,  # after the bounds, which pydantic would otherwise publish as those of a text
]
