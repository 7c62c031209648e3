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
    """
    inside = Path(os.path.realpath(root))
    for edit in edits:
        path = root / edit.file
        if not Path(os.path.realpath(path)).is_relative_to(inside):
            raise InvalidError(
                f"{edit.file} was not written: a link leads out of the configuration's folder.",
                hint="Put a file in its place.",
            )
        if _present(path) != edit.before:
            raise StaleError(f"{edit.file} was changed meanwhile.", hint="Run the command again.")
        make_folder(path.parent)
        write_file(path, edit.after)


def _present(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.exists() else None
    except OSError as error:
        raise InvalidError(f"{path} cannot be read: {error.strerror}.", hint=remedy(error)) from error
