"""The file of an embedded platform."""

from __future__ import annotations

from contextlib import suppress
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as os_open
from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE_FILE: Final = b"SQLite format 3\0"
_NAME_ANOTHER: Final = "Restore it from a backup, or name another file under `platform` in reconciler.yaml."
_STATE_FOLDER: Final = ".reconciler"


def create(path: Path) -> None:
    """Create the file, for its owner only since it holds addresses, and the folder that it is in."""
    try:
        path.parent.mkdir(exist_ok=True)
        if path.parent.name == _STATE_FOLDER:
            _ignore_in_git(path.parent / ".gitignore")
        with suppress(FileExistsError):
            close(os_open(path, O_CREAT | O_EXCL | O_RDWR, 0o600))
        is_file = path.is_file()
        beginning = _beginning(path) if is_file else b""
    except OSError as error:
        raise UnreachableError(
            f"the platform's file {path} cannot be created: {error.strerror}",
            hint="Check that its folder exists and can be written.",
        ) from error
    if not is_file:
        raise UnreachableError(f"{path} is not a file", hint=_NAME_ANOTHER)
    if beginning not in {b"", _SQLITE_FILE}:
        # Asked here, since SQLite takes a file of a few bytes for an empty one, and writes over it.
        raise UnreachableError(f"{path} is damaged, or is not a platform's database", hint=_NAME_ANOTHER)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_SQLITE_FILE))


def _ignore_in_git(path: Path) -> None:
    if not path.exists():
        path.write_text("*\n", encoding="utf-8")
