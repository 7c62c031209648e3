"""Bounds on what is received: how much of a body is read, and that what is not read is not waited for."""

from __future__ import annotations

from asyncio import get_running_loop, timeout_at
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.exceptions import HTTPException

from reconciler.server.problems import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reconciler.server.dependencies import Bounds


def limited(request: Request, bounds: Bounds, path: str) -> Request:
    """Return the request with a body that ends in a refusal where it is too large for a path, or too slow.

    Raises `Refusal` for a body that is encoded, `HTTPException` for one that says that it is too large.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal("unsupported-media-type", "Bodies are taken without content encoding.")
    most = bounds.of(path)
    if _stated(request) > most:
        raise _too_large(most)
    return Request(request.scope, _Counted(request.receive, most, bounds))


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
    def __init__(self, receive: Receive, most: int, bounds: Bounds) -> None:
        self._receive = receive
        self._left = most
        self._most = most
        self._silence = bounds.silence_seconds
        self._ends = get_running_loop().time() + bounds.body_seconds
        self._is_over = False

    async def __call__(self) -> Message:
        message = await self._next()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _too_large(self._most)
        self._is_over = not message.get("more_body", False)
        return message

    async def _next(self) -> Message:
        """Return what comes next; after the body that is the end of the connection, whenever that comes."""
        if self._is_over:
            return await self._receive()
        try:
            async with timeout_at(min(self._ends, get_running_loop().time() + self._silence)):
                return await self._receive()
        except TimeoutError:
            raise _too_slow() from None


def _too_slow() -> HTTPException:
    return HTTPException(408, "The body came too slowly, and was not waited for.")


def _has_body(headers: dict[bytes, bytes]) -> bool:
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


def _stated(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isdecimal() else 0


def _too_large(most: int) -> HTTPException:
    """Return the only exception that the framework passes on while it reads a body."""
    return HTTPException(413, f"The body is larger than this path takes: {most:,} bytes at most.")
