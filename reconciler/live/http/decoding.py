"""Bodies as they come, decoded within a bound: what unpacks to more is never unpacked."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from reconciler.live.http.exchange import LostError, TooMuchError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP: Final = 31
_PIECE: Final = 2**16


def decoded(pieces: Iterable[bytes], encoding: str, most: int) -> Iterator[bytes]:
    """Give the body in pieces; raise `TooMuchError` beyond `most` bytes, `LostError` where it is cut."""
    match encoding:
        case "" | "identity":
            plain = iter(pieces)
        case "gzip":
            plain = _unzipped(pieces)
        case _:
            raise LostError("the answer has an encoding that was not asked for", sent=True)
    left = most
    for piece in plain:
        left -= len(piece)
        if left < 0:
            raise TooMuchError(f"the answer has more than {most:,} bytes")
        yield piece


def lines_of(pieces: Iterable[bytes], most: int) -> Iterator[bytes]:
    """Cut a body into lines; raise `TooMuchError` for one of more than `most` bytes."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > most:
            raise TooMuchError(f"a line of the answer has more than {most:,} bytes")
    if rest:
        yield rest


def _unzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            packed = piece
            while packed and not unzip.eof:
                yield unzip.decompress(packed, _PIECE)
                packed = unzip.unconsumed_tail
    except zlib.error as error:
        raise LostError(f"the answer is damaged: {error}", sent=True) from error
    if not unzip.eof:
        raise LostError("the answer ends in the middle", sent=True)
