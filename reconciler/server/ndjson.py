"""Long lists as newline-delimited JSON.

The platform's transaction ends before the first byte is sent, so that a slow reader holds nothing up: lines
go to a temporary file, in memory while it is small. The last line is an object with the key `end` and the
number of lines before it; without it, the list is not complete.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from reconciler.wire.paths import LINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

_IN_MEMORY: Final = 2**20
_PIECE: Final = 2**16


class LinesResponse(StreamingResponse):
    """A response of newline-delimited JSON."""

    media_type = LINES


def streamed(lines: Iterable[str]) -> LinesResponse:
    """Return the response with these lines, each a JSON text."""
    with ExitStack() as stack:
        spool = stack.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))
        length = _write(spool, lines)
        stack.pop_all()  # from here on, sending closes it
    return LinesResponse(_pieces(spool), headers={"Content-Length": str(length)})


def _write(spool: IO[bytes], lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        spool.write(f"{line}\n".encode())
        count += 1
    spool.write(json.dumps({"end": count}).encode() + b"\n")
    length = spool.tell()
    spool.seek(0)
    return length


def _pieces(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while piece := spool.read(_PIECE):
            yield piece


def quoted(text: str) -> str:
    """Return the line for one text."""
    return json.dumps(text, ensure_ascii=False)
