"""`plan` as a whole process: 10,000 packages of which 100 changed, over few and over many clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import CHANGED, FEW, MANY, PACKAGES, agency, cost

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

PLAN = ("plan", "--quiet", "--format", "json")


def test_a_plan_costs_by_what_changed_and_not_by_the_number_of_clients(tmp_path: Path) -> None:
    few, many = agency(tmp_path / "few", FEW), agency(tmp_path / "many", MANY)
    cost(few, *PLAN), cost(many, *PLAN)

    pairs = [(cost(many, *PLAN), cost(few, *PLAN)) for _ in range(5)]

    time_ratio = min(mine[1] for mine, _ in pairs) / min(other[1] for _, other in pairs)
    memory_ratio = min(mine[2] for mine, _ in pairs) / min(other[2] for _, other in pairs)
    print(
        f"\nplan, {CHANGED} of {PACKAGES:,} packages changed, {MANY:,} : {FEW:,} clients:"
        f" time {time_ratio:.2f}, peak memory {memory_ratio:.2f} ({pairs[0][0][2] / 2**20:.0f} MiB)"
    )
    assert time_ratio <= 1.2
    assert memory_ratio <= 1.2
