"""Writes that are done once, however often they are sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

from fastapi import Header
from msgspec import Struct

from reconciler.model.idempotency import KeyedRequest
from reconciler.server.etags import sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response

    from reconciler.server.auth import Call

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Chosen by the sender for this request alone: the same key gives the same answer.",
    ),
]


class Write(Struct, frozen=True):
    """A write under its key.

    Attributes:
        asked: Everything that the request asks for, as text.
        status: What a success is answered with.
    """

    call: Call
    key: str
    asked: str
    status: int = 200

    def done(self, effect: Callable[[], BaseModel]) -> Response:
        """Do it in one transaction with keeping its answer, or return the answer that is kept.

        Raises `KeyReusedError` where the key came with another request before.
        """
        bearer = self.call.bearer

        def text() -> str:
            if bearer is not None and not bearer.is_sure:
                bearer.look_with_what_follows()
            return effect().model_dump_json()

        try:
            return sent(self.call.served.platform.once(self._keyed, text), self.status)
        finally:
            if bearer is not None:
                bearer.end_of_write()

    def done_at_length(self, effect: Callable[[], BaseModel]) -> Response:
        """Do the same where it takes long, so that it is not begun where its answer is kept."""
        kept = self.call.platform.kept_answer(self._keyed)
        return self.done(effect) if kept is None else sent(kept, self.status)

    @property
    def _keyed(self) -> KeyedRequest:
        digest = hashlib.sha256(self.asked.encode()).hexdigest()
        return KeyedRequest(f"{self.call.caller}:{self.key}", digest, self.call.now)


def asked(request: Request, *parts: str) -> str:
    """Return the text of a request: method, path with its query, and what else it states."""
    return "\n".join((request.method, str(request.url.path), request.url.query, *parts))
