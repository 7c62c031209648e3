"""Calls to Unleash's admin API."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UnreachableError
from reconciler.live.http.messages import LostError, Request, TooMuchError

if TYPE_CHECKING:
    from reconciler.live.http.transport import Transport

_SECONDS: Final = 60.0
_MOST: Final = 64 * 2**20
_REFUSED: Final = (401, 403)
_FAILED: Final = 400


class Admin:
    """One Unleash. No call is sent twice: what was not done is seen, and planned again."""

    def __init__(self, where: str, transport: Transport, token: str | None) -> None:
        self._where = where
        self._transport = transport
        self._headers = {"Authorization": token} if token else {}

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer; raises `UnreachableError` where it is a refusal, or does not come."""
        content = None if body is None else json.dumps(body).encode()
        request = Request(method, f"/api/admin/{path}", body=content, headers=self._headers)
        try:
            reply = self._transport.send(request, time.monotonic() + _SECONDS, _MOST)
            answer = json.loads(reply.body) if reply.body and reply.status < _FAILED else None
        except (LostError, TooMuchError, ValueError) as error:
            raise UnreachableError(f"{self._where} gives no answer: {error}.", hint="Plan again.") from error
        if reply.status >= _FAILED:
            said = self._transport.hidden(reply.body.decode(errors="replace"))[:300]
            hint = "It takes an admin token of Unleash." if reply.status in _REFUSED else "Plan again."
            what = f"{self._where} answers {method} {path} with {reply.status}"
            raise UnreachableError(f"{what}: {said}", hint=hint)
        return answer
