"""What the way over HTTP costs, as ratios to the same without it. Run with `-m benchmark -s`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import CHANGED, FEW, MANY, Sold, agency, configure, cost
from tests.benchmarks.goals import Row, reached
from tests.servers import postgres_database
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

PLAN = ("plan", "--quiet", "--format", "json")
LISTING = ("clients", "list", "--format", "json")


def test_a_plan_over_http_against_the_same_plan_on_the_store(
    postgres: str, prepared: str, tmp_path: Path
) -> None:
    """Memory of both ends is that after the plan, and after all clients were listed too."""
    peaks: dict[int, list[int]] = {}
    for clients in (FEW, MANY):
        with postgres_database(postgres, prepared) as database:
            root = agency(tmp_path / str(clients), clients, database, Sold(imported=FEW))
            with serving(root) as server:
                configure(root, local=database, remote=server.url)
                there, here = (*PLAN, "-e", "remote"), (*PLAN, "-e", "local")
                cost(root, *there), cost(root, *here)
                pairs = [(cost(root, *there), cost(root, *here)) for _ in range(5)]
                after_plans = server.peak_bytes()
                listing = cost(root, *LISTING, "-e", "remote")
                peaks[clients] = [
                    min(mine[2] for mine, _ in pairs),
                    after_plans,
                    listing[2],
                    server.peak_bytes(),
                ]
        over, straight = min(mine[0] for mine, _ in pairs), min(other[0] for _, other in pairs)
        what = f"plan of {CHANGED} changed packages, {clients:,} clients, over HTTP : straight on PostgreSQL"
        reached(Row(what, over / straight, most=1.1, aside=f"{straight:.2f} s straight"))
        reached(Row(f"all of {clients:,} clients listed over HTTP", listing[0], most=25, unit=" s"))

    growth = [many / few for many, few in zip(peaks[MANY], peaks[FEW], strict=True)]
    whose = ("planning client", "server", "listing client", "server that listed")
    for name, ratio, peak in zip(whose, growth, peaks[MANY], strict=True):
        what = f"memory of the {name}, {MANY:,} : {FEW:,} clients"
        reached(Row(what, ratio, most=1.2, peak=peak))
