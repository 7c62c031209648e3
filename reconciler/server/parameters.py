"""What routes take from the path and the query."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from reconciler.wire.fields import LINE_PATTERN, Instant
from reconciler.wire.paths import identifier

At = Annotated[
    Instant | None,
    Query(description="The instant that expiry and entitlements are seen at; now where it is left out."),
]
Key = Annotated[str, Path(min_length=1, max_length=200, pattern=LINE_PATTERN, description="A package's key.")]
Meter = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        pattern=LINE_PATTERN,
        description="A limit's key, `ai_credits` or `user_count`.",
    ),
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def _one_line(text: str) -> str:
    if not text or len(text) > _LONGEST or not text.isprintable():
        raise ValueError("an id is 1 to 200 printable characters")
    return text


_LONGEST = 200

ClientId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=1_100,
        pattern=LINE_PATTERN,
        description="A client's id, or `~` and the base64url of its UTF-8 where it has more than letters, "
        "digits, `_`, `-` and inner dots.",
    ),
    AfterValidator(identifier),
    AfterValidator(_one_line),
]
