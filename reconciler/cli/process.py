"""What is read of the process's surroundings beside the terminal: the clock, the user."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime

from reconciler.model.forms import ACTOR, visible


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Return who runs the command, as `user@host`; what a history may not have of it is shown as escapes."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return visible(f"{user}@{platform.node() or 'unknown'}")[: ACTOR.longest].strip()
