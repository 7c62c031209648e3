"""The file of an embedded platform."""

from __future__ import annotations

from contextlib import suppress
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as os_open
from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError
from reconciler.state_folder import NAME, refuse_link, state_folder

if TYPE_CHECKING:
    from pathlib import Path

_SQLITE_FILE: Final = b"SQLite format 3\0"
_NAME_ANOTHER: Final = "Restore it from a backup, or name another file under `platform` in reconciler.yaml."
_BESIDE: Final = ("-journal", "-wal", "-shm")
"""What SQLite writes beside a database, by names that nobody chose."""


def create(path: Path) -> None:
    """Create the file, for its owner only since it holds addresses, and the folder that it is in."""
    try:
        _prepare(path)
        with suppress(FileExistsError):
            close(os_open(path, O_CREAT | O_EXCL | O_RDWR, 0o600))
        is_file = path.is_file()
        beginning = _beginning(path) if is_file else b""
    except OSError as error:
        raise UnreachableError(
            f"the platform's file {path} cannot be created: {error.strerror}",
            hint="Check that its folder exists, can be written, and that nothing in it is a link.",
        ) from error
    if not is_file:
        raise UnreachableError(f"{path} is not a file", hint=_NAME_ANOTHER)
    if beginning not in {b"", _SQLITE_FILE}:
        # Asked here, since SQLite takes a file of a few bytes for an empty one, and writes over it.
        raise UnreachableError(f"{path} is damaged, or is not a platform's database", hint=_NAME_ANOTHER)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_SQLITE_FILE))


def _prepare(path: Path) -> None:
    """Make the folder; a link is followed only where the configuration names it as the database itself."""
    if path.parent.name == NAME:
        refuse_link(state_folder(path.parent.parent) / path.name)
    else:
        path.parent.mkdir(exist_ok=True)
    for suffix in _BESIDE:
        refuse_link(path.with_name(path.name + suffix))
