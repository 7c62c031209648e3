"""One loop per folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, WrongUsageError
from reconciler.sources.private_folder import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder for this process while the block runs; it is let go of even by a kill."""
    try:
        make_private(folder)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _take(lock, folder)
            yield
        finally:
            os.close(lock)
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
