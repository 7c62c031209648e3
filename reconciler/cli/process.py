"""What is read of the process's surroundings beside the terminal: the clock, the user."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Return who runs the command, as `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return f"{user}@{platform.node() or 'unknown'}"
