from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from reconciler.live.beside import open_beside
from tests.builders import NOON
from tests.live.beside.switchboard import Switchboard
from tests.servers import in_schema
from tests.shop import Shop, laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def snapshots() -> Literal["period", "none"]:
    return "none"


@pytest.fixture
def board(tmp_path: Path, snapshots: Literal["period", "none"]) -> Switchboard:
    return Switchboard(tmp_path / "board.json", snapshots)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> str:
    """The address of an empty store beside the product."""
    if request.param == "sqlite":
        return "sqlite:///beside.db"
    return in_schema(request.getfixturevalue("empty_database"))


@pytest.fixture
def shop(board: Switchboard, store: str, tmp_path: Path) -> Iterator[Shop]:
    """A shop whose platform is the product; what is found in it is found at the shop's own time."""
    laid_out(tmp_path)
    shops: list[Shop] = []
    with open_beside(board, store, root=tmp_path, clock=lambda: shops[0].at) as platform:
        shops.append(Shop(tmp_path, platform, NOON))
        shops[0].guards(clients_losing="unlimited")
        yield shops[0]
