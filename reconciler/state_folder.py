"""The folder `.reconciler` beside a configuration, in which a commit can plant links.

What is written there is written without being asked for, so that no link may lead it elsewhere.
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import ELOOP
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = ".reconciler"


def state_folder(root: Path, *inside: str) -> Path:
    """Make `.reconciler` in `root`, kept out of commits, and folders in it; return the innermost one.

    Raises OSError where they cannot be made, or where one of them is a link: it could lead anywhere.
    """
    folder = root
    for name in (NAME, *inside):
        folder /= name
        folder.mkdir(exist_ok=True)
        refuse_link(folder)
    ignore = root / NAME / ".gitignore"
    with suppress(FileExistsError), ignore.open("x", encoding="utf-8") as file:  # "x" follows no link
        file.write("*\n")
    return folder


def refuse_link(path: Path) -> None:
    """Raise OSError where a link stands."""
    if path.is_symlink():
        raise OSError(ELOOP, f"{path.name} is a link", os.fspath(path))
