"""Requests and replies as values, and what one exchange may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """What an exchange may cost.

    Attributes:
        seconds: For an ordinary call, all tries and pauses together.
        long_seconds: For a stream, an import or a change set.
        body_bytes: Of an ordinary answer, decoded.
        stream_bytes: Of a streamed answer, decoded.
        line_bytes: Of one line of a stream.
        tries: How often a call is sent at most.
    """

    seconds: float = 60
    long_seconds: float = 900
    body_bytes: int = 256 * 2**20
    stream_bytes: int = 16 * 2**30
    line_bytes: int = 2**20
    tries: int = 6


@dataclass(frozen=True, slots=True)
class Request:
    """One call. Every call may be sent again: it only reads, or its key makes the second one harmless.

    Attributes:
        key: The idempotency key of a write; None for what only reads.
        what: Names the write in messages: `the apply`.
        recovery: What to do where it is not known whether the write was done.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | IO[bytes] | None = None
    body_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    what: str = ""
    recovery: str = "Look whether it was done before you do it again."
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names are in lower case, the body is decoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return media_type(self.headers)


def media_type(headers: Mapping[str, str]) -> str:
    """Return the content type without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


class LostError(Exception):
    """An exchange failed on the way; `sent` says whether the server may have received the request.

    A `remedy` says what to do where sending it again changes nothing.
    """

    def __init__(self, message: str, *, sent: bool, remedy: str = "") -> None:
        super().__init__(message)
        self.sent = sent
        self.remedy = remedy


class TooMuchError(Exception):
    """An answer is larger than it may be."""
