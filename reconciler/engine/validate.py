"""Validate: read everything, judge everything, change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sources.workspace import Workspace, read_workspace

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


def validate(config: Path, *, today: date, cache: bool) -> Workspace:
    """Return the workspace of a configuration with its findings.

    Raises:
        InvalidError: The configuration cannot be read at all.
    """
    return read_workspace(config, today=today, cache=cache)
