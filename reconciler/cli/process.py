"""What is read of the process's surroundings beside the terminal: the clock, the user."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


def actor() -> str:
    """Return who runs the command, as `user@host`; what a history may not have of it is shown as escapes."""
    import getpass
    import platform

    from reconciler.model.forms import ACTOR, visible

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return visible(f"{user}@{platform.node() or 'unknown'}")[: ACTOR.longest].strip()
