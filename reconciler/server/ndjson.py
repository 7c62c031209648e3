"""Long lists as newline-delimited JSON.

The platform is read at its own speed, whoever reads the answer: lines go to a temporary file, in memory while
it is small, and are sent from there meanwhile. So the platform's transaction lasts as long as reading it
takes, and a slow reader holds nothing up. The last line is an object with the key `end` and the number of
lines before it; without it, the list is not complete. Where reading fails halfway, the connection ends there.
"""

from __future__ import annotations

import json
from asyncio import Event, create_task, get_running_loop
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from anyio import CancelScope
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from reconciler.wire.paths import LINES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterable
    from typing import IO

    from starlette.types import Send

_IN_MEMORY: Final = 2**20
_PIECE: Final = 2**16
_SENT_AT_ONCE: Final = 2**20


def streamed(lines: Iterable[str]) -> Response:
    """Return the response with these lines, each a JSON text; raises what reading the first raises."""
    pieces = _pieces(lines)
    first = next(pieces)
    second = next(pieces, None)
    if second is None:
        return Response(first, media_type=LINES)
    return LinesResponse(_Reading(first + second, pieces))


def _pieces(lines: Iterable[str]) -> Generator[bytes, None, None]:
    """Cut the lines, and the one that ends them, into pieces that are worth a write each."""
    some: list[str] = []
    size = count = 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= _PIECE:
            some.append("")
            yield "\n".join(some).encode()
            count += len(some) - 1
            some, size = [], 0
    some.append(json.dumps({"end": count + len(some)}) + "\n")
    yield "\n".join(some).encode()


class LinesResponse(StreamingResponse):
    """A response of newline-delimited JSON that is read on while it is sent."""

    media_type = LINES
    body_iterator: _Reading

    async def stream_response(self, send: Send) -> None:
        """Send what is read, and leave no transaction open behind."""
        async with self.body_iterator:
            await super().stream_response(send)


class _Reading:
    """Pieces that a thread reads into a spool, and that are given from there; its exit ends the reading."""

    def __init__(self, first: bytes, rest: Generator[bytes, None, None]) -> None:
        self._rest = rest
        self._spool = _Spool()
        self._spool.write(first)
        self._error: Exception | None = None
        self._is_read = self._is_over = False

    async def __aenter__(self) -> Self:
        self._loop, self._news = get_running_loop(), Event()
        self._thread = create_task(run_in_threadpool(self._read))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        with CancelScope(shield=True):
            await self._thread
        self._spool.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self._news.clear()
            is_last = self._is_read
            if piece := await run_in_threadpool(self._spool.read):
                yield piece
            elif is_last:
                break
            else:
                await self._news.wait()
        if self._error is not None:
            raise self._error

    def _read(self) -> None:
        try:
            for piece in self._rest:
                if self._is_over:
                    break
                self._spool.write(piece)
                self._loop.call_soon_threadsafe(self._news.set)
        except Exception as error:  # noqa: BLE001 - raised where it is sent
            self._error = error
        finally:
            self._rest.close()
            self._is_read = True
            self._loop.call_soon_threadsafe(self._news.set)


class _Spool:
    """What one thread writes and another reads; what was read takes no room once all is."""

    def __init__(self) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - `close` does
        self._lock = Lock()
        self._read = self._written = 0

    def write(self, piece: bytes) -> None:
        with self._lock:
            self._file.seek(self._written)
            self._written += self._file.write(piece)

    def read(self) -> bytes:
        """Return what was written since, some of it where it is much."""
        with self._lock:
            self._file.seek(self._read)
            piece = self._file.read(_SENT_AT_ONCE)
            self._read += len(piece)
            if self._read == self._written:
                self._read = self._written = self._file.seek(0)
                self._file.truncate()
            return piece

    def close(self) -> None:
        self._file.close()


def quoted(text: str) -> str:
    """Return the line for one text."""
    return json.dumps(text, ensure_ascii=False)
