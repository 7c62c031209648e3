"""`plan` as a whole process: 10,000 packages of which 100 changed, over few and over many clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import CHANGED, FEW, MANY, PACKAGES, cost
from tests.benchmarks.goals import Row, reached

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

PLAN = ("plan", "--quiet", "--format", "json")


def test_a_plan_costs_by_what_changed_and_not_by_the_number_of_clients(few: Path, many: Path) -> None:
    cost(few, *PLAN), cost(many, *PLAN)

    pairs = [(cost(many, *PLAN), cost(few, *PLAN)) for _ in range(5)]

    time_ratio = min(mine[1] for mine, _ in pairs) / min(other[1] for _, other in pairs)
    memory_ratio = min(mine[2] for mine, _ in pairs) / min(other[2] for _, other in pairs)
    what = f"`plan`, {CHANGED} of {PACKAGES:,} packages changed, {MANY:,} : {FEW:,} clients"
    reached(Row(f"memory of {what}", memory_ratio, most=1.05, peak=pairs[0][0][2]))
    reached(Row(what, time_ratio, most=1.05))
