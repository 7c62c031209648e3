"""What to do about what the operating system refuses."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERMISSIONS: Final = "Look at its permissions, and at those of its folder."
_REMEDIES: Final[Mapping[int, str]] = {
    errno.ENOSPC: "The disk is full: free some space, or name a place on another disk.",
    errno.EDQUOT: "Your share of the disk is used up: free some space, or name a place on another disk.",
    errno.EFBIG: "A limit on the size of files is set (`ulimit -f` shows it): raise it.",
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EROFS: "The file system is mounted to be read only: name a place on another one.",
    errno.ENOENT: "Make its folder first, or name another.",
    errno.ENOTDIR: "Something on the way to it is a file and no folder: name another place.",
    errno.EEXIST: "A file of this name is in the way: move it, or name another place.",
    errno.EISDIR: "This is a folder: name a file.",
    errno.ENAMETOOLONG: "Give it a shorter name.",
    errno.ELOOP: "Links lead in a circle there: remove them, or name another file.",
    errno.EBUSY: "It is mounted by itself, so that it cannot be replaced: mount its folder instead.",
    errno.ETXTBSY: "It is a program that is running: name another file.",
    errno.EPIPE: "Whoever read it went away: start the reader again.",
    errno.ENXIO: "Nobody reads it, or its device is gone: name another file.",
    errno.EIO: "The disk or the network behind it is at fault: the log of the system says more.",
}


def remedy(error: OSError) -> str:
    """Return the hint for an error, by its code."""
    return _REMEDIES.get(error.errno or 0, "Name another file.")
