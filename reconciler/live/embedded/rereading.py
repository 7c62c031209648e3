"""Lines of an import that can be read again: a stream gives them once, and tries may be many."""

from __future__ import annotations

import pickle
from itertools import islice
from operator import attrgetter
from tempfile import SpooledTemporaryFile, gettempdir
from typing import IO, TYPE_CHECKING, Final, Self

from reconciler.errors import ReconcilerError
from reconciler.model.clients import ClientLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IN_MEMORY: Final = 8 * 2**20
"""Bytes; what is more lies in a temporary file that has no name."""

_BATCH: Final = 1000
_VALUES: Final = attrgetter(*ClientLine.__struct_fields__)
"""What is kept of a line: of the line itself, it takes four times as long."""


class Rereadable:
    """Gives what was read from a stream so far, each time from its first line, and then the rest."""

    def __init__(self, lines: Iterable[ClientLine]) -> None:
        self._rest = iter(lines)
        self._kept: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - __exit__ closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    def __iter__(self) -> Iterator[ClientLine]:
        self._kept.seek(0)
        while batch := self._again() or self._anew():
            yield from batch

    def _again(self) -> list[ClientLine]:
        try:
            return [ClientLine(*each) for each in pickle.load(self._kept)]  # noqa: S301 - nobody else can write the file
        except EOFError:
            return []

    def _anew(self) -> list[ClientLine]:
        batch = list(islice(self._rest, _BATCH))
        try:
            pickle.dump([*map(_VALUES, batch)], self._kept)
        except OSError as error:
            raise ReconcilerError(
                f"{gettempdir()} cannot keep the lines for another try: {error.strerror}.",
                hint="Nothing was imported. Free some space there, or set TMPDIR to another folder.",
            ) from error
        return batch
