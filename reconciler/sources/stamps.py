"""Whether a file is what it was, as far as the system tells without reading it.

git's index does the same, with the same care (its technical note on racy git): what changed so shortly before
it was looked at could change again within one tick of the clock, and look the same.
"""

from __future__ import annotations

import os
import stat
from typing import Final, TypeAlias

Stamp: TypeAlias = list[int]
"""Device, number, size, and when content and entry changed, in nanoseconds; JSON gives the same back."""
_TICK: Final = 2_000_000_000
"""Nanoseconds; the longest that a file system counts in (FAT)."""
_CONTENT, _ENTRY = 3, 4


def stamp_of(path: str) -> Stamp | None:
    """Return the stamp of a regular file; None for all else, links included."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def settled_stamp_of(path: str, since: int) -> Stamp | None:
    """Return the stamp of a file whose content was read after `since`, if no later change can look the same.

    `since` counts nanoseconds from the epoch. What lies in the future, by a clock that was set back, may be
    any content.
    """
    stamp = stamp_of(path)
    return stamp if stamp and max(stamp[_CONTENT], stamp[_ENTRY]) + _TICK < since else None
