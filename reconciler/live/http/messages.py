"""Requests and replies as values, and what one exchange may cost.

A body is made so that a value that the API cannot take is refused in our own words.
"""

from __future__ import annotations

import uuid
from typing import IO, TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from pydantic import BaseModel, ValidationError

from reconciler.errors import WrongUsageError
from reconciler.model.forms import require
from reconciler.wire.fields import sentence
from reconciler.wire.paths import segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from reconciler.model.forms import Form

B = TypeVar("B", bound=BaseModel)


class Limits(Struct, frozen=True):
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


class Request(Struct, frozen=True):
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


class Reply(Struct, frozen=True):
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


def made(make: Callable[..., B], *args: Any, **fields: Any) -> B:
    """Return the body; raises `WrongUsageError` naming the first value that the API does not take."""
    try:
        return make(*args, **fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if fault["type"] == "value_error":
            raise WrongUsageError(sentence(fault["msg"])) from error
        place = "/".join(map(str, fault["loc"]))
        raise WrongUsageError(
            f"{place}: {fault['msg']}", hint="The platform's API takes no such value."
        ) from error


def named(form: Form, name: str) -> str:
    """Return the segment of a path that stands for a name; raises `WrongUsageError` where it can be none."""
    require([(form, name)])
    return segment(name)


def asking(path: str, body: BaseModel, *, is_long: bool = False) -> Request:
    """Return a question that is too long for an address."""
    return Request("POST", path, body=body.model_dump_json().encode(), is_long=is_long)


def writing(method: str, path: str, body: BaseModel | None, what: str, **more: Any) -> Request:
    """Return a write under a new key."""
    fields = {"key": new_key(), **more}
    content = None if body is None else body.model_dump_json().encode()
    return Request(method, path, body=content, what=what, **fields)


def new_key() -> str:
    """Return a key for one write alone."""
    return uuid.uuid4().hex


def instant(at: datetime) -> dict[str, str]:
    """Return the query that states an instant."""
    return {"at": at.isoformat()}
