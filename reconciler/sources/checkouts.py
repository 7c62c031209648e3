"""Where working copies lie: what is in one, apart from its `.git`, is what some commit wanted there."""

from __future__ import annotations

import os
from pathlib import Path


def top_of(folder: Path) -> Path | None:
    """Return the top of the working copy that holds `folder`, without links; None outside of any.

    git checks out nothing that is called `.git`, whatever a commit holds; all other files of a repository
    may be a commit's, so that a folder is no repository because it looks like one.
    """
    real = Path(os.path.realpath(folder))
    return next((each for each in (real, *real.parents) if os.path.lexists(each / ".git")), None)


def decided_by_commits(path: Path, root: Path) -> bool:
    """Whether the working copy that holds `root` holds `path` too, or a link on the way to it.

    Some build servers make the checkout the home, where a commit can put any file of the user's.
    """
    top = top_of(root)
    ways = (Path(os.path.realpath(each)) for each in (path, *path.parents))
    return top is not None and any(way.is_relative_to(top) for way in ways)
