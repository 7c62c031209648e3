"""Field types that the bodies share. Bounds are those that every store can keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
)

from reconciler.model.expiry import EXPIRY_PATTERN
from reconciler.model.quantities import LARGEST_QUANTITY

LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f]+$"
TEXT_PATTERN: Final = r"^[^\x00]*$"
PACKAGE_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,63}$"

_EARLIEST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)


def _only_text(value: Any) -> Any:
    if isinstance(value, str | datetime):
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
Amount: TypeAlias = Annotated[StrictInt, Field(ge=0, le=LARGEST_QUANTITY)]
Number: TypeAlias = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Quantity: TypeAlias = Amount | Literal["unlimited"]
Status: TypeAlias = Literal["active", "disabled", "archived"]


class Body(BaseModel):
    """Something that is sent: unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class Reply(BaseModel):
    """Something that is answered: a newer server may add keys, which are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)
