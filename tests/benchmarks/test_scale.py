"""PostgreSQL with RECONCILER_BENCHMARK_CLIENTS clients: import in pieces, plan, rollout step, bytes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from reconciler.engine.import_clients import Pieces
from reconciler.live.opening import open_platform
from reconciler.model.events import UNKNOWN
from tests.benchmarks.agency import MANY
from tests.benchmarks.test_rollout import STEP, holder
from tests.shop import Shop, laid_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.benchmark

PIECE: Final = 50_000


def test_a_platform_of_many_clients(database: str, tmp_path: Path) -> None:
    laid_out(tmp_path)
    with open_platform(database, root=tmp_path) as platform:
        shop = Shop(tmp_path, platform)
        shop.guards(clients_losing="unlimited", acknowledge="never")
        shop.package("pro", features=["chat", "calls"], limits={"minutes": 500}, user_count=9)
        shop.apply()
        empty = size_of(database)
        lines = map(holder, range(MANY))

        importing = seconds(lambda: Pieces(PIECE).imported(platform, lines, lambda: shop.at, UNKNOWN))
        each = (size_of(database) - empty) / MANY
        shop.package("pro", features=["chat", "calls"], limits={"minutes": 300}, user_count=5, rollout=STEP)
        planning = seconds(shop.plan)
        stepping = seconds(shop.apply)
        moved = platform.runs(limit=1)[0].moved

    print(f"\n{MANY:,} clients on PostgreSQL:")
    print(f"  import in pieces of {PIECE:,}: {importing:.0f} s, {MANY / importing:,.0f} clients a second")
    print(f"  bytes a client, with its events: {each:,.0f}")
    print(f"  plan of a package that all hold: {planning:.1f} s")
    print(f"  plan and one rollout step of {moved:,}: {stepping:.1f} s")
    assert moved == MANY // 10


def seconds(act: Callable[[], object]) -> float:
    started = perf_counter()
    act()
    return perf_counter() - started


def size_of(database: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
