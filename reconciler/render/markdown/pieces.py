"""A document in whole pieces, of which as many are taken as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Piece(Struct, frozen=True):
    """Some lines that stand or fall together.

    Attributes:
        name: What the reader is told is missing, where it is left out; empty: never left out.
        rank: Pieces with a lower rank are taken first.
    """

    text: str
    name: str = ""
    rank: int = 0


def fitted(pieces: Sequence[Piece], limit: int) -> str:
    """Return the pieces in their order, as many as fit into `limit` bytes of UTF-8, then what is left out."""
    room = limit - _size(_left_out([piece.name for piece in pieces if piece.name]))
    taken: set[int] = set()
    for index, piece in sorted(enumerate(pieces), key=lambda each: (each[1].rank, each[0])):
        size = _size(piece.text)
        if not piece.name or size <= room:
            taken.add(index)
            room -= size
    missing = [piece.name for index, piece in enumerate(pieces) if index not in taken]
    return "".join(piece.text for index, piece in enumerate(pieces) if index in taken) + _left_out(missing)


def _left_out(names: Iterable[str]) -> str:
    kinds = list(dict.fromkeys(names))
    if not kinds:
        return ""
    return f"\n*Left out, since it does not fit: {', '.join(kinds)}. The plan file has everything.*\n"


def _size(text: str) -> int:
    return len(text.encode())
