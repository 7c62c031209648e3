"""The user's own folder for what can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """Return `reconciler` in the user's cache folder; raises RuntimeError where the user has no home.

    XDG Base Directory Specification: `$XDG_CACHE_HOME` where that is an absolute path, else `~/.cache`.
    """
    stated = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(stated) if stated.startswith("/") else Path.home() / ".cache") / "reconciler"
