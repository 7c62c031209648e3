"""Small repositories on disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.sources.workspace import Workspace, read_workspace
from tests.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "environments:\n  local:\n    platform: sqlite:///.reconciler/platform.db\n"
CATALOG = """\
features:
  chat:
    title: Chat
  calls:
    title: Calls
  sessions:
    title: Sessions
  agent:
    title: Agent
    ai: true
limits:
  sessions:
    title: Sessions
    unit: session
    per: cycle
  minutes:
    title: Minutes
"""


def repository(root: Path, /, *, catalog: str = CATALOG, config: str = CONFIG, **packages: str) -> Path:
    """Write a configuration, a catalog and packages by key; return the configuration."""
    (root / "packages").mkdir(parents=True, exist_ok=True)
    (root / "schemas").mkdir(exist_ok=True)
    (root / "reconciler.yaml").write_text(config)
    (root / "schemas" / "catalog.yaml").write_text(catalog)
    for key, text in packages.items():
        (root / "packages" / f"{key}.yaml").write_text(text)
    return root / "reconciler.yaml"


def workspace(config: Path) -> Workspace:
    return read_workspace(config, today=NOON.date(), cache=False)


def unreadable_folder(folder: Path) -> None:
    """Have a folder below that nobody can list, root neither: its path is longer than any may be."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 250, dir_fd=at)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
