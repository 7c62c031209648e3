"""What the way over HTTP costs, as ratios to the same without it. Run with `-m benchmark -s`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import CHANGED, FEW, MANY, PACKAGES, agency, configure, cost
from tests.servers import postgres_database
from tests.serving import serving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

PLAN = ("plan", "--quiet", "--format", "json")
LISTING = ("clients", "list", "--format", "json")
MIB = 2**20


def test_a_plan_over_http_against_the_same_plan_on_the_store(
    postgres: str, prepared: str, tmp_path: Path
) -> None:
    """Memory of both ends is that after the plan, and after all clients were listed too."""
    peaks: dict[int, list[int]] = {}
    for clients in (FEW, MANY):
        with postgres_database(postgres, prepared) as database:
            root = agency(tmp_path / str(clients), clients, database)
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
        print(
            f"\nplan, {CHANGED} of {PACKAGES:,} packages changed, {clients:,} clients on PostgreSQL:"
            f" over HTTP : on the store = {over / straight:.2f} ({straight:.2f} s on the store);"
            f" all clients listed over HTTP in {listing[0]:.1f} s"
        )
        assert over / straight <= 1.5

    growth = [many / few for many, few in zip(peaks[MANY], peaks[FEW], strict=True)]
    print(
        f"peak memory, {MANY:,} : {FEW:,} clients: "
        + ", ".join(
            f"{what} {ratio:.2f} ({peak / MIB:.0f} MiB)"
            for what, ratio, peak in zip(
                ("planning client", "server", "listing client", "server that listed"),
                growth,
                peaks[MANY],
                strict=True,
            )
        )
    )
    assert max(growth) <= 1.2
