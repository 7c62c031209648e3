"""The file of an embedded platform."""

from __future__ import annotations

from contextlib import suppress
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as os_open
from typing import TYPE_CHECKING, Final

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

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
    except OSError as error:
        raise UnreachableError(
            f"the platform's file {path} cannot be created: {error.strerror}",
            hint="Check that its folder exists and can be written.",
        ) from error
    if not is_file:
        raise UnreachableError(
            f"{path} is not a file", hint="Name a file under `platform` in reconciler.yaml."
        )


def _ignore_in_git(path: Path) -> None:
    if not path.exists():
        path.write_text("*\n", encoding="utf-8")
