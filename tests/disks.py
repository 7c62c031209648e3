"""Full disks, and devices of the tests' own: none of the machine's is at risk where root runs them."""

from __future__ import annotations

import os
import resource
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NUMBERS: Final = {"null": (1, 3), "full": (1, 7)}


def node(path: Path, kind: str) -> Path:
    """Make a device; where this user may not, a link to the machine's, which it cannot harm either."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(*_NUMBERS[kind]))
    except PermissionError:
        if os.geteuid() == 0:
            raise
        path.symlink_to(f"/dev/{kind}")
    return path


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Have the system refuse to let a file grow, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
