"""What git knows about the files, asked of its command line without running anything of the repository's."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS: Final = 10
_HARDENED: Final = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


def head_commit(root: Path) -> str | None:
    """Return the full id of the commit that is checked out; None outside a repository, or without git."""
    command = (
        "git",
        *_HARDENED,
        "-C",
        str(root),
        "rev-parse",
        "--verify",
        "--end-of-options",
        "HEAD^{commit}",
    )
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat"}
    try:
        answer = subprocess.run(  # noqa: S603  # fixed words and a path that follows -C
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    commit = answer.stdout.decode(errors="replace").strip().splitlines()[-1:]
    return commit[0] if answer.returncode == 0 and commit and _COMMIT.match(commit[0]) else None
