from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.live.opening import open_platform
from tests.contract.fake import FakePlatform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform


@pytest.fixture(params=["fake", "embedded"])
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    if request.param == "fake":
        yield FakePlatform()
        return
    with open_platform("sqlite:///platform.db", root=tmp_path) as opened:
        yield opened
