"""Writing edits into the files of a repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import InvalidError, StaleError
from reconciler.sources.atomic import make_folder, write_file
from reconciler.sources.os_errors import remedy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.edits import FileEdit


def write_edits(root: Path, edits: Iterable[FileEdit]) -> None:
    """Write each file as `write_file` does; folders are made where they are missing.

    Raises:
        StaleError: A file is not what it was when the edit was made; those before it are written.
        InvalidError: A link leads out of `root`, or the operating system refuses it; the same holds.
        KeyboardInterrupt: It names the files that are written by then.
    """
    written: list[str] = []
    try:
        for edit in edits:
            _write_edit(root, edit)
            written.append(edit.file)
    except KeyboardInterrupt:
        done = f"Written are {', '.join(written)}; nothing else" if written else "Nothing was written"
        raise KeyboardInterrupt(f"Interrupted. {done}.") from None


def _write_edit(root: Path, edit: FileEdit) -> None:
    _refuse_way_out(root, edit.file)
    if _present(root / edit.file) != edit.before:
        raise StaleError(f"{edit.file} was changed meanwhile.", hint="Run the command again.")
    write_within(root, edit.file, edit.after)


def write_within(folder: Path, file: str, content: bytes) -> None:
    """Write a file of a folder as `write_file` does, with the folders that it is in.

    Raises `InvalidError` where a link in the folder, which a commit may have put there, leads out of it.
    """
    _refuse_way_out(folder, file)
    path = folder / file
    make_folder(path.parent)
    write_file(path, content)


def _refuse_way_out(folder: Path, file: str) -> None:
    if not Path(os.path.realpath(folder / file)).is_relative_to(os.path.realpath(folder)):
        raise InvalidError(
            f"{file} was not written: a link leads out of {folder}.", hint="Put a file in its place."
        )


def _present(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        raise InvalidError(f"{path} cannot be read: {error.strerror}.", hint=remedy(error)) from error
