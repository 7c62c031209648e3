"""A folder that this program made, and that nobody else can have filled."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from reconciler.errors import WrongUsageError
from reconciler.sources.checkouts import top_of

if TYPE_CHECKING:
    from pathlib import Path

_MARKER: Final = "made-by-reconciler"
_ELSEWHERE: Final = "Name another folder with --state, one that is not there yet."


def make_private(folder: Path) -> None:
    """Make the folder for this user alone, or make sure that it was made so before.

    Raises:
        WrongUsageError: It lies in a working copy, is another user's, or holds what this program did not put
            there.
        OSError: It cannot be made.
    """
    top = top_of(folder)
    if top is not None:
        raise WrongUsageError(
            f"{folder} lies in the working copy {top}, whose commits could change it.", hint=_ELSEWHERE
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise WrongUsageError(f"{folder} belongs to another user.", hint=_ELSEWHERE)
    found = os.listdir(folder)  # noqa: PTH208 - names, of one moment: the marker is made before all else
    if found and _MARKER not in found:
        raise WrongUsageError(f"{folder} holds files that this program did not make.", hint=_ELSEWHERE)
    folder.chmod(0o700)
    with suppress(FileExistsError):
        (folder / _MARKER).touch(mode=0o600, exist_ok=False)
