from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import FEW, MANY, agency
from tests.benchmarks.goals import missed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def held_to_goals() -> Iterator[None]:
    """Fail a benchmark that missed a goal, once it has told all of its rows."""
    missed.clear()
    yield
    assert missed == []


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An agency of few clients."""
    return agency(tmp_path_factory.mktemp("agency") / "few", FEW)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of many clients."""
    return agency(tmp_path_factory.mktemp("agency") / "many", MANY)
