"""Answers with entity tags, and conditions on them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Header
from starlette.responses import Response

from reconciler.server.problems import Refusal
from reconciler.wire.paths import JSON

if TYPE_CHECKING:
    from pydantic import BaseModel

_CHANGED = Header(max_length=2_000, description="The entity tag of what is changed, or `*`.")
IfMatch = Annotated[str, _CHANGED]
MaybeIfMatch = Annotated[str | None, _CHANGED]
IfNoneMatch = Annotated[str | None, Header(max_length=2_000, description="An entity tag, or `*`.")]
ANY: Final = "*"


def entity_tag(text: str) -> str:
    """Return the strong entity tag of a representation."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def shown(reply: BaseModel, if_none_match: str | None = None) -> Response:
    """Return a representation with its entity tag, or 304 where the caller has it already."""
    text = reply.model_dump_json()
    tag = entity_tag(text)
    if if_none_match is not None and _lists(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return sent(text, 200)


def sent(text: str, status: int) -> Response:
    """Return a JSON text with its entity tag."""
    return Response(text, status, {"ETag": entity_tag(text)}, JSON)


def require_match(if_match: str, current: BaseModel) -> None:
    """Refuse where what is there is not what the caller read."""
    if not _lists(if_match, entity_tag(current.model_dump_json())):
        raise Refusal(
            "precondition-failed",
            "It was changed since it was read; nothing was written.",
            hint="Read it again.",
        )


def _lists(condition: str, tag: str) -> bool:
    return condition.strip() == ANY or tag in (each.strip() for each in condition.split(","))
