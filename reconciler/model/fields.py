"""Fields of values that cross the wire as they are, with bounds that every store can keep.

A `Readable` dataclass is the body of a request, or a part of one. What pydantic is told of it is written in
pydantic's own dictionaries, so that who only starts up need not import it.

Faults are bounded too: a body of some megabytes can have millions of them, which take hundreds of times the
memory of what is at fault. So a list is read up to its first fault, and keys are counted before they are
read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Protocol, TypeAlias, get_args

from msgspec import Struct

from reconciler.model import forms
from reconciler.model.quantities import LARGEST_QUANTITY

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
"""A date-time of RFC 3339, section 5.6."""
_KEYS_OF_A_BODY: Final = 30
_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)

Schema: TypeAlias = dict[str, Any]
"""What pydantic checks by, or the JSON Schema that it describes."""


class Reader(Protocol):
    """Pydantic, as it makes a schema."""

    def __call__(self, source: Any, /) -> Schema:
        """Return the schema, or the reference to one, so far."""
        ...

    def generate_schema(self, source: Any, /) -> Schema:
        """Return the schema of another type."""
        ...

    def resolve_ref_schema(self, schema: Schema, /) -> Schema:
        """Return what is referred to."""
        ...


def few_keys(value: Any, most: int = _KEYS_OF_A_BODY) -> Any:
    """Return the value; raises ValueError where it has more keys."""
    if isinstance(value, dict) and len(value) > most:
        raise ValueError(f"at most {most:,} keys, not {len(value):,}")
    return value


class Readable:
    """A dataclass that is sent as it is: unknown keys are refused, and its `kind` is always stated."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Schema] = {"extra": "forbid", "revalidate_instances": "always"}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, reader: Reader) -> Schema:
        """Have keys counted first."""
        reference = reader(source)
        schema = reader.resolve_ref_schema(reference)
        schema["schema"] = _before(few_keys, schema["schema"])
        return reference

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Schema, reader: Reader) -> Schema:
        """Describe it by the first paragraph of its docstring."""
        reference = reader(core)
        schema = reader.resolve_ref_schema(reference)
        schema["description"] = schema["description"].partition("\n\n")[0]
        if "kind" in schema["properties"]:
            schema["required"] = ["kind", *schema.get("required", ())]
        return reference


class Told(Readable):
    """One that is only answered: a newer server may add keys, which are passed over."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Schema] = {"extra": "ignore"}


class ByKind:
    """Marks a union of readable dataclasses that are told apart by their `kind`."""

    def __get_pydantic_core_schema__(self, source: Any, reader: Reader) -> Schema:
        """Choose by `kind`, so that faults are those of one of them."""
        choices = {
            each.__dataclass_fields__["kind"].default: reader.generate_schema(each)
            for each in get_args(source)
        }
        return {"type": "tagged-union", "discriminator": "kind", "choices": choices}


class Whole(Struct, frozen=True):
    """Marks a whole number; JSON Schema takes 2.0 for one too, since JSON has numbers of one kind."""

    least: int = 0
    most: int = LARGEST_QUANTITY

    def __get_pydantic_core_schema__(self, source: Any, reader: Reader) -> Schema:
        """Bound the number."""
        return _before(_whole, {**reader(source), "strict": True, "ge": self.least, "le": self.most})


class Items(Struct, frozen=True):
    """Marks a list that has so many items."""

    most: int
    least: int = 0

    def __get_pydantic_core_schema__(self, source: Any, reader: Reader) -> Schema:
        """Bound the list, and read no further than its first fault."""
        least = {"min_length": self.least} if self.least else {}
        return {**reader(source), "max_length": self.most, **least, "fail_fast": True}


class InUtc:
    """Marks an instant: text with an offset, seen in UTC."""

    def __get_pydantic_core_schema__(self, source: Any, reader: Reader) -> Schema:
        """Take text only, and bound the year."""
        aware = {**reader(source), "tz_constraint": "aware", "strict": False}
        return {
            "type": "function-after",
            "function": _function(_in_utc),
            "schema": _before(_only_text, aware),
        }


Line: TypeAlias = Annotated[str, forms.LINE]
ClientId: TypeAlias = Annotated[str, forms.CLIENT_ID]
ClientName: TypeAlias = Annotated[str, forms.CLIENT_NAME]
Email: TypeAlias = Annotated[str, forms.EMAIL]
PackageKey: TypeAlias = Annotated[str, forms.PACKAGE_KEY]
Key: TypeAlias = Annotated[str, forms.KEY]
Title: TypeAlias = Annotated[str, forms.TITLE]
Description: TypeAlias = Annotated[str, forms.DESCRIPTION]
Actor: TypeAlias = Annotated[str, forms.ACTOR]
Amount: TypeAlias = Annotated[int, Whole()]
Number: TypeAlias = Annotated[int, Whole(1, 2**31 - 1)]
Days: TypeAlias = Annotated[int, Whole(0, 9_999)]
Instant: TypeAlias = Annotated[datetime, InUtc()]


def _before(function: Callable[[Any], Any], schema: Schema) -> Schema:
    return {"type": "function-before", "function": _function(function), "schema": schema}


def _function(function: Callable[[Any], Any]) -> Schema:
    return {"type": "no-info", "function": function}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _only_text(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _TIMESTAMP.match(value)):
        return value
    raise ValueError("an instant is text, such as 2026-11-01T12:00:00Z")


def _in_utc(instant: datetime) -> datetime:
    if not _EARLIEST <= instant <= _LATEST:
        raise ValueError("an instant lies between the years 1 and 9999")
    return instant.astimezone(UTC)
