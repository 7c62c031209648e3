"""The most memory of each command as a process: flat in clients, linear and small in packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.agency import FEW, MANY, PACKAGES, Sold, agency, cost
from tests.benchmarks.goals import MIB, Row, reached

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

COMMANDS = (
    ("validate",),
    ("plan", "--quiet", "--format", "json"),
    ("plan", "--quiet"),
    ("pull", "--check"),
    ("packages", "list"),
    ("clients", "list", "--format", "json"),
    ("history",),
    ("events", "verify"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_memory_is_flat_in_clients(few: Path, many: Path, command: tuple[str, ...]) -> None:
    small, large = (cost(root, *command, may_fail=True) for root in (few, many))

    what = f"memory of `{' '.join(command)}`, {MANY:,} : {FEW:,} clients"
    reached(Row(what, large[2] / small[2], most=1.1, peak=large[2], aside=f"{large[0]:.1f} s"))


@pytest.mark.parametrize("command", [("validate",), ("plan", "--quiet")], ids=" ".join)
def test_memory_is_small_in_packages(few: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    tenth = PACKAGES // 10
    smaller = agency(tmp_path / "tenth", FEW, sold=Sold(tenth))

    small, large = (cost(root, *command, may_fail=True)[2] for root in (smaller, few))

    each = (large - small) / (PACKAGES - tenth) / 1024
    what = f"memory of `{' '.join(command)}` for each of {PACKAGES:,} packages"
    reached(Row(what, each, most=20, unit=" KiB", peak=large, aside=f"{tenth:,} take {small / MIB:,.0f} MiB"))
