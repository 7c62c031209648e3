"""What was found out about the files of a repository, kept in the user's own cache folder.

Nothing of a checkout is trusted: where a commit could decide what lies in that folder, nothing is kept.
Whatever goes wrong with a kept file, it is only forgotten.
"""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler import __version__
from reconciler.sources.checkouts import decided_by_commits
from reconciler.sources.user_cache import user_cache

_SEASON: Final = 90 * 24 * 60 * 60
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Kept:
    """One file that this user wrote on this machine."""

    def __init__(self, root: str, name: str) -> None:
        self._root = Path(os.path.realpath(root))
        self._file = _place(self._root, name)

    def load(self) -> bytes:
        """Return what was kept; nothing where that is damaged, another's or of another version."""
        if self._file is None:
            return b""
        try:
            with open(os.open(self._file, _FLAGS), "rb") as stream:  # noqa: PTH123 - not through a link
                owner = os.fstat(stream.fileno()).st_uid
                seal, _, body = stream.read().partition(b"\n")
        except OSError:
            return b""
        return body if owner == os.geteuid() and seal == self._seal(body) else b""

    def save(self, body: bytes) -> None:
        """Keep it, if that is possible; who reads meanwhile finds the old or the new."""
        if self._file is None:
            return
        from reconciler.sources.atomic import write_atomically  # noqa: PLC0415  # where something is new

        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self._file, self._seal(body) + b"\n" + body, mode=0o600)
            _forget_old(self._file)

    def _seal(self, body: bytes) -> bytes:
        return f"{zlib.crc32(body):08x} {__version__} {self._root}".encode(errors="surrogateescape")


def _forget_old(beside: Path) -> None:
    """Delete what no command has written for a season: its repository is probably gone."""
    oldest = beside.stat().st_mtime - _SEASON
    for entry in os.scandir(beside.parent):
        if entry.stat(follow_symlinks=False).st_mtime < oldest:
            os.unlink(entry.path)  # noqa: PTH108 - an entry has no path of that kind


def _place(root: Path, name: str) -> Path | None:
    try:
        folder = user_cache() / "checks"
    except RuntimeError:
        return None
    is_unsafe = decided_by_commits(folder, root)
    of_root = zlib.crc32(os.fsencode(root))
    return None if is_unsafe else folder / f"{root.name[:40]}-{of_root:08x}.{name}"
