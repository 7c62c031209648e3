"""Bounds on what is received, as plain ASGI around everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from reconciler.server.refusals import answer
from reconciler.wire import paths
from reconciler.wire.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.server.serving import Bounds


class BodyLimit:
    """Refuses bodies beyond the bound, stated or not, and bodies that are encoded."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self._app = app
        self._bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._bounds.import_bytes if scope["path"] == paths.IMPORTS else self._bounds.body_bytes
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            problem = Problem.named("unsupported-media-type", "Bodies are taken without content encoding.")
            await answer(problem)(scope, receive, send)
        elif _stated(headers) > most:
            await answer(Problem.named("too-large", _too_large(most)))(scope, receive, send)
        else:
            await self._app(scope, _Counted(receive, most), send)


class _Counted:
    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._most = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, _too_large(self._most))
        return message


def _stated(headers: dict[bytes, bytes]) -> int:
    text = headers.get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0


def _too_large(most: int) -> str:
    return f"A body may have {most:,} bytes at most."
