"""Writing edits into the files of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import InvalidError, StaleError
from reconciler.sources.writing import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reconciler.model.edits import FileEdit


def write_edits(root: Path, edits: Iterable[FileEdit]) -> None:
    """Write each file in one step, keeping its mode; folders are made where they are missing.

    Raises:
        StaleError: A file is not what it was when the edit was made; those before it are written.
        InvalidError: The operating system refuses it.
    """
    for edit in edits:
        path = (root / edit.file).resolve()
        try:
            if (path.read_bytes() if path.exists() else None) != edit.before:
                raise StaleError(f"{edit.file} was changed meanwhile.", hint="Run the command again.")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, edit.after, mode=path.stat().st_mode & 0o777 if edit.before else 0o644)
        except OSError as error:
            raise InvalidError(
                f"{edit.file} cannot be written: {error.strerror}.", hint="Look at its permissions."
            ) from error
