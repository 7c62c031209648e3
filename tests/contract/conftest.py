from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from reconciler.live.opening import open_platform, open_served
from tests.contract.fake import FakePlatform
from tests.servers import Stage, served, stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

KINDS = ("fake", "sqlite", "postgresql", "http on sqlite", "http on postgresql")


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One server for the whole suite; each test puts its own platform on it."""
    folder = tmp_path_factory.mktemp("stage")
    with open_served("sqlite:///platform.db", root=folder) as (empty, _), stage(served(empty)) as opened:
        yield opened


@pytest.fixture(params=KINDS)
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    kind: str = request.param
    if kind == "fake":
        yield FakePlatform()
        return
    is_postgres = kind.endswith("postgresql")
    url = request.getfixturevalue("database") if is_postgres else "sqlite:///platform.db"
    with ExitStack() as stack:
        behind, _ = stack.enter_context(open_served(url, root=tmp_path))
        if kind.startswith("http"):
            address = request.getfixturevalue("theatre").show(served(behind))
            yield stack.enter_context(open_platform(address, root=tmp_path))
        else:
            yield behind
