"""`plan` of this checkout beside that of another one, given by its path, over the same agency."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.agency import CHANGED, MANY, ROOT, cost

OTHER = os.environ.get("RECONCILER_BENCHMARK_OTHER", "")
"""Folder of the other checkout. Both are run by this interpreter, so that only they differ."""
PLAN = ("plan", "--quiet", "--format", "json")
REPEATS = 11
FILL = """
import sys
from pathlib import Path
from tests.benchmarks.agency import MANY, agency
agency(Path(sys.argv[1]), MANY)
"""

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(not OTHER, reason="RECONCILER_BENCHMARK_OTHER names no other checkout"),
]


def filled(checkout: Path, folder: Path) -> Path:
    """Fill an agency by the checkout's own program: another version may store it otherwise."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run([sys.executable, "-c", FILL, str(folder)], cwd=checkout, env=environment, check=True)
    return folder


def test_a_plan_costs_what_it_costs_in_the_other_checkout(tmp_path: Path) -> None:
    checkouts = (ROOT, Path(OTHER).absolute())
    folders = [filled(each, tmp_path / str(number)) for number, each in enumerate(checkouts)]
    pairs = [
        [cost(folder, *PLAN, checkout=each) for folder, each in zip(folders, checkouts, strict=True)]
        for _ in range(REPEATS + 1)
    ][1:]

    mine, other = (min(pair[side][1] for pair in pairs) for side in (0, 1))

    print(
        f"\nplan, {CHANGED} packages changed, {MANY:,} clients, this checkout : the other:"
        f" processor time {mine / other:.2f} ({mine:.2f} s)"
    )
    assert mine / other <= 1.1
