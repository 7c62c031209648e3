"""Every request is counted, gets an id, and becomes one line of the log: no secret, and nobody's name."""

from __future__ import annotations

import json
import logging
import re
from random import getrandbits
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from reconciler.wire.paths import REQUEST_ID, VERSION
from reconciler.wire.versions import VERSION as SPOKEN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.server.metrics import Figures

REQUESTS: Final = logging.getLogger("reconciler.requests")
"""A line of JSON per request; whoever serves decides where it goes."""

_ID: Final = re.compile(r"[A-Za-z0-9._:=+/-]{1,128}")
_HEADER: Final = REQUEST_ID.lower().encode()
_METHODS: Final = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"})


class Observed:
    """Has every request counted and logged, and every answer say which version it speaks and which id it has.

    An id that the sender gives is taken where it looks like one, so that a proxy's log and ours speak of the
    same request.
    """

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(scope, self._figures)
        added = ((VERSION.lower().encode(), str(SPOKEN).encode()), (_HEADER, seen.id.encode()))

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                message["headers"] = [*message["headers"], *added]
            elif not message.get("more_body", False):
                seen.end()  # before the last byte is sent, so that whoever has the answer finds the line
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            seen.end()


class _Seen:
    """A request on its way; `status` is 500 until an answer begins."""

    def __init__(self, scope: Scope, figures: Figures) -> None:
        self.id = _id_of(scope)
        self.status = 500
        self._scope, self._figures = scope, figures
        self._state: dict[str, Any] = scope.setdefault("state", {})
        self._started = perf_counter()
        self._is_over = False
        figures.begin()

    def end(self) -> None:
        """Count and log the request, once."""
        if self._is_over:
            return
        self._is_over = True
        seconds, method, route = perf_counter() - self._started, _method(self._scope), _route(self._scope)
        self._figures.end(method, route, self.status, seconds)
        told = {"method": method, "route": route, "status": self.status, "seconds": round(seconds, 6)}
        noted = {name: self._state[name] for name in ("token", "problem", "reason") if name in self._state}
        REQUESTS.info(json.dumps({**told, "request": self.id, **noted}))


def _id_of(scope: Scope) -> str:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), "")
    return given if _ID.fullmatch(given) else f"{getrandbits(128):032x}"


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in _METHODS else "other"


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "none"))
