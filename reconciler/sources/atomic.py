"""Writing files. Only this module does, but for what is told in its test.

Readers see the old content or the new, never a part: also where the disk is full, and after a power cut.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError
from reconciler.sources.os_errors import remedy

if TYPE_CHECKING:
    from pathlib import Path

_TO_WRITE: Final = os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC
_DESCRIPTORS: Final = re.compile(r"/proc/\d+(/task/\d+)?/fd")
"""A folder whose links lead to what a process has open, which need not have a name."""


def write_file(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write to what a path leads to, as whoever names it expects.

    A device, a pipe or something that a process has open is written into, as it is. A link stays, and what it
    leads to is written, or made where it is not there yet. A regular file is replaced in one step, and keeps
    its mode and, as far as the system allows, its owner; a new one gets `mode`, less the umask.

    Raises:
        InvalidError: The operating system refuses it; a regular file is as it was.
    """
    try:
        _write(path, content, mode)
    except OSError as error:
        raise InvalidError(f"{path} cannot be written: {error.strerror}.", hint=remedy(error)) from error


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it is in, where they are missing; raises `InvalidError` as above."""
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for each in missing:
            _sync(each.parent)
    except OSError as error:
        raise InvalidError(f"{folder} cannot be made: {error.strerror}.", hint=remedy(error)) from error


def write_atomically(
    path: Path, content: bytes, *, mode: int = 0o644, like: os.stat_result | None = None
) -> None:
    """Put a new file at a path in one step; what is there is replaced, a link too.

    Args:
        path: Where.
        content: All of it.
        mode: The file's, less the umask.
        like: A file whose mode and owner it gets instead.

    Raises:
        OSError: Nothing was replaced.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(beside, flags, mode if like is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            if like is not None:
                _resemble(descriptor, like)
            os.fsync(descriptor)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _sync(path.parent)


def _write(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, _TO_WRITE)
    except FileNotFoundError:
        write_atomically(_end_of_links(path), content, mode=mode)
        return
    # Opened even where it will be replaced: a file that may not be written must not be replaced either.
    with os.fdopen(descriptor, "wb") as stream:
        status = os.fstat(descriptor)
        target = _end_of_links(path)
        if not stat.S_ISREG(status.st_mode):
            stream.write(content)
            return
        if target.is_symlink():
            stream.seek(0, os.SEEK_END)
            stream.write(content)
            return
    write_atomically(target, content, like=status)


def _end_of_links(path: Path) -> Path:
    """Follow links, which the system has found to end, as far as they are names."""
    while path.is_symlink() and not _DESCRIPTORS.fullmatch(os.path.realpath(path.parent)):
        path = path.parent / path.readlink()
    return path


def _resemble(descriptor: int, like: os.stat_result) -> None:
    for owner, group in ((-1, like.st_gid), (like.st_uid, -1)):
        with suppress(PermissionError):
            os.fchown(descriptor, owner, group)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode) & 0o777)


def _sync(folder: Path) -> None:
    """Have the names in a folder outlast a power cut, where it may be read and its file system can."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
        finally:
            os.close(descriptor)
