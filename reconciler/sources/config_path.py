"""Finding the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_NAME: Final = "reconciler.yaml"
MINIMUM: Final = "environments: {local: {platform: 'sqlite:///.reconciler/platform.db'}}"


def find_config(start: Path) -> Path:
    """Return the `reconciler.yaml` of `start` or of the nearest folder above it.

    Raises:
        InvalidError: There is none.
    """
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG_NAME).is_file():
            return candidate / CONFIG_NAME
    raise InvalidError(
        f"there is no {CONFIG_NAME} in {folder} or above it",
        hint=f"run `reconciler init`, or create one that holds at least: {MINIMUM}",
    )
