"""What routes take from the path and the query."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query
from pydantic import AfterValidator, TypeAdapter

from reconciler.errors import WrongUsageError
from reconciler.model.fields import LINE_PATTERN, Instant, Line
from reconciler.wire.paths import identifier

_LONGEST_SEGMENT: Final = 1_100
_LINE: Final = TypeAdapter[str](Line)


def _segment(of: str) -> Any:
    return Path(
        min_length=1,
        max_length=_LONGEST_SEGMENT,
        pattern=LINE_PATTERN,
        description=f"{of}, or `~` and the base64url of its UTF-8 where it has more than letters, digits, "
        "`_`, `-` and inner dots.",
    )


def _named(segment: str) -> str:
    try:
        return _LINE.validate_python(identifier(segment))
    except ValueError as error:
        hint = "A name has 1 to 200 characters, none of them for control."
        raise WrongUsageError(f"Nothing is named {segment!r}.", hint=hint) from error


At = Annotated[
    Instant | None,
    Query(description="The instant that expiry and entitlements are seen at; now where it is left out."),
]
Since = Annotated[Instant, Query(description="The first instant that counts.")]
Key = Annotated[str, _segment("A package's key"), AfterValidator(_named)]
Meter = Annotated[str, _segment("The key of a limit or a cap"), AfterValidator(_named)]
ClientId = Annotated[str, _segment("A client's id"), AfterValidator(_named)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
