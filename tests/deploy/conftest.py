from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.github import PROGRAMS
from tests.preloaded import preloaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the programs of a job, which starts so many that loading them is most of its time."""
    folder = tmp_path_factory.mktemp("programs")
    with preloaded(folder, **{**PROGRAMS, "reconciler": "reconciler.cli.main"}):
        yield folder
