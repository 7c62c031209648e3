"""The promises of the port that a real Unleash, with a store beside it, claims to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.applies import *  # noqa: F403 - checks are collected by name
from reconciler.conformance.building import LATER
from reconciler.conformance.clients import *  # noqa: F403 - the same
from reconciler.conformance.events import *  # noqa: F403 - the same
from reconciler.conformance.grants import *  # noqa: F403 - the same
from reconciler.conformance.guards import *  # noqa: F403 - the same
from reconciler.conformance.histories import *  # noqa: F403 - the same
from reconciler.conformance.history import *  # noqa: F403 - the same
from reconciler.conformance.moves_between import *  # noqa: F403 - the same
from reconciler.conformance.persons import *  # noqa: F403 - the same
from reconciler.conformance.questions import *  # noqa: F403 - the same
from reconciler.conformance.reach import *  # noqa: F403 - the same
from reconciler.conformance.readjustments import *  # noqa: F403 - the same
from reconciler.conformance.transfers import *  # noqa: F403 - the same
from reconciler.live.beside import open_beside
from tests.stores import new_store
from tests.unleash.server import TOKEN, product_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform


@pytest.fixture
def platform(unleash: str, prefix: str, tmp_path: Path) -> Iterator[Platform]:
    new_store(tmp_path / "store.db")
    with (
        product_at(unleash, TOKEN, prefix) as product,
        open_beside(product, "sqlite:///store.db", root=tmp_path, clock=lambda: LATER) as opened,
    ):
        yield opened
