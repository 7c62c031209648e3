"""One loop per folder."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, WrongUsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for this process while the block runs; it is let go of even by a kill."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        with (folder / "lock").open("w") as lock:
            _take(lock.fileno(), folder)
            yield
    except OSError as error:
        raise ReconcilerError(
            f"{folder} cannot be used: {error.strerror}.", hint="Name another folder with --state."
        ) from error


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise WrongUsageError(
            f"Another loop uses {folder}.", hint="Give each instance a folder of its own with --state."
        ) from error
