"""Copies of a platform that follow it, and are read in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError
from reconciler.model.english import counted

if TYPE_CHECKING:
    from reconciler.live.port import PlatformReader

UNKNOWN: Final = "This was read from a copy; the platform itself could not be asked how far that is behind."


def behind(copy: PlatformReader, platform: PlatformReader) -> str:
    """Say how far a copy is behind; raises `InvalidError` where it is of another platform."""
    if copy.identity().lineage != platform.identity().lineage:
        raise InvalidError(
            "`read_platform` is a copy of another platform than `platform`",
            hint="Name a standby of this one, or leave `read_platform` out.",
        )
    missing = _newest(platform) - _newest(copy)
    if missing > 0:
        return f"This was read from a copy that is {counted(missing, 'run')} behind."
    return "This was read from a copy that has all runs of the platform."


def _newest(reader: PlatformReader) -> int:
    return next((run.id for run in reader.runs(limit=1, brief=True)), 0)
