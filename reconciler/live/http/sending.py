"""The bodies of requests, made so that a value that the API cannot take is refused in our own words."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.errors import WrongUsageError
from reconciler.live.http.exchange import Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

B = TypeVar("B", bound=BaseModel)


def made(make: Callable[..., B], *args: Any, **fields: Any) -> B:
    """Return the body; raises `WrongUsageError` naming the first value that the API does not take."""
    try:
        return make(*args, **fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(map(str, fault["loc"]))
        raise WrongUsageError(
            f"{place}: {fault['msg']}", hint="The platform's API takes no such value."
        ) from error


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
