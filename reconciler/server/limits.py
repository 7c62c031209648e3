"""Bounds on what is received: how much of a body is read, and that what is not read is not waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request
from starlette.exceptions import HTTPException

from reconciler.server.problems import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def limited(request: Request, most: int) -> Request:
    """Return the request with a body that ends in a refusal where it goes beyond so many bytes.

    Raises `Refusal` for a body that is encoded, `HTTPException` for one that says that it is too large.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("unsupported-media-type", "Bodies are taken without content encoding.")
    if _stated(request) > most:
        raise _too_large(most)
    return Request(request.scope, _Counted(request.receive, most))


class Hangup:
    """Closes the connection after an answer to a request whose body was not read to its end, as plain ASGI.

    Otherwise the server would receive all that is left of it, to find the next request behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_read = scope["type"] != "http" or not _has_body(dict(scope["headers"]))

        async def noted() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = is_read or not message.get("more_body", False)
            return message

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_read:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, noted, closing)


class _Counted:
    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._left = most
        self._most = most

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _too_large(self._most)
        return message


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _stated(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0


def _too_large(most: int) -> HTTPException:
    """Return the only exception that the framework passes on while it reads a body."""
    return HTTPException(413, f"The body is larger than this path takes: {most:,} bytes at most.")
