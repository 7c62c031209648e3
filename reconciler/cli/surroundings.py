"""What is read of the process's surroundings beside the terminal: the clock, the user, secrets."""

from __future__ import annotations

import getpass
import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.errors import UnreachableError

if TYPE_CHECKING:
    from reconciler.model.settings import Environment


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


def token_of(environment: Environment) -> str | None:
    """Return the token that the environment's variable holds; None where it names none."""
    if environment.token_env is None:
        return None
    token = os.environ.get(environment.token_env, "").strip()
    if not token:
        raise UnreachableError(
            f"The environment {environment.name!r} takes its token from {environment.token_env}, "
            "which is not set.",
            hint=f"Set {environment.token_env} for this command.",
        )
    return token
