"""A second process that parses half of many files, since parsing is most of what reading them takes."""

from __future__ import annotations

import marshal
import os
import threading
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_BATCH: Final = 200
"""How many results this process holds at once."""


class SecondReader:
    """What another process read, by path, in the order in which it was given the paths."""

    def __init__(self, paths: Sequence[str], results: BinaryIO) -> None:
        self._paths = set(paths)
        self._results = results
        self._batch: dict[str, Any] = {}

    def take(self, path: str) -> Any:
        """Return what was read of a path; None where it is to be read here."""
        while path in self._paths and path not in self._batch:
            self._paths.difference_update(self._batch)
            self._batch = self._next()
        return self._batch.get(path)

    def _next(self) -> dict[str, Any]:
        try:
            batch: dict[str, Any] = marshal.load(self._results)  # noqa: S302 - written by a copy of this process
        except (EOFError, ValueError, TypeError):
            self._paths = set()  # the other process ended early: all that is left is read here
            return {}
        return batch


@contextmanager
def second_reader(paths: Sequence[str], read: Callable[[str], Any]) -> Iterator[SecondReader | None]:
    """Have the later half of the paths read by a copy of this process, where there is a processor for it.

    Args:
        paths: In the order in which they will be asked for.
        read: Returns what `marshal` takes; None for what is to be read here, as after any error.
    """
    if not _can_divide():
        yield None
        return
    later = paths[len(paths) // 2 :]
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        os.close(reading)
        _read_all(later, read, writing)
    os.close(writing)
    try:
        with open(reading, "rb") as results:  # noqa: PTH123 - a pipe
            yield SecondReader(later, results)
    finally:
        # Whoever began this process may have had the system wait for its children.
        with suppress(ChildProcessError):
            os.waitpid(process, 0)


def _can_divide() -> bool:
    """Whether there is a second processor, and no thread that a copy of this process would stand without."""
    processors = getattr(os, "sched_getaffinity", None)  # of Linux, where copies of a process are safe
    return processors is not None and len(processors(0)) > 1 and threading.active_count() == 1


def _read_all(paths: Sequence[str], read: Callable[[str], Any], writing: int) -> NoReturn:
    """Send nothing before all is read: a pipe holds little, and who reads it is busy. End at once."""
    try:
        batches = [marshal.dumps(batch) for batch in _batches(paths, read)]
        with open(writing, "wb") as results:
            results.writelines(batches)
    finally:
        os._exit(0)


def _batches(paths: Sequence[str], read: Callable[[str], Any]) -> Iterator[dict[str, Any]]:
    rest = iter(paths)
    while batch := tuple(islice(rest, _BATCH)):
        yield {path: read(path) for path in batch}
