"""How values of the domain are stored in columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from msgspec.json import decode
from sqlalchemy import BigInteger, Text
from sqlalchemy.types import TypeDecorator

from reconciler.model.packages import canonical_json

if TYPE_CHECKING:
    from sqlalchemy import Dialect

    from reconciler.model.expiry import Span, Window

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

NEVER: Final = 2**63 - 1
"""`active_until` of what does not end."""

ALWAYS_PAST: Final = -(2**63)
"""`active_until` of what entitles to nothing at any instant; also the start of a window without one."""

OrderedText: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and sorted by code point everywhere, as Python does and as SQLite does by itself."""


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=1_024)
def instant_of(microseconds: int) -> datetime:
    """Return the instant, in UTC, that so many microseconds make."""
    return _EPOCH + timedelta(microseconds=microseconds)


def bounds(window: Window | Span) -> tuple[int, int]:
    """Return the first and the last microsecond of a window."""
    return ALWAYS_PAST if window.start is None else microseconds(window.start), microseconds(window.end)


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970-01-01 UTC; read back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Store the count."""
        del dialect
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read the count back."""
        del dialect
        return None if value is None else instant_of(value)


class JsonText(TypeDecorator[Any]):
    """A JSON document as canonical text, so that equal documents are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        """Store the text."""
        del dialect
        return canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read the document back."""
        del dialect
        return None if value is None else decode(value)
