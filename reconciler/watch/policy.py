"""What a loop is for, and how far it may go."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec import Struct

_FULL_EVERY: Final = timedelta(minutes=15)


class Policy(Struct, frozen=True):
    """Given by whoever starts the loop; no commit can widen it.

    Attributes:
        config: Path of the configuration in the repository.
        environment: Name of the environment, whose guards are the commit's; the platform is the operator's.
        corrects: Whether what somebody else changed is changed back, or only reported.
        skips_blocked: Whether packages that no guard blocks are applied without those that one does.
        after: The environment that must have recorded a commit before; None: whichever the commit names.
        full_every: After this time files and platform are compared even where neither moved.
    """

    config: str
    environment: str
    actor: str
    corrects: bool = False
    skips_blocked: bool = False
    after: str | None = None
    full_every: timedelta = _FULL_EVERY
