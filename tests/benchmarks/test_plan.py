"""`plan` as a whole process: 10,000 packages of which 100 changed, over few and over many clients."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.sources.workspace import read_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.benchmark

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 1, tzinfo=UTC)
PACKAGES, CHANGED, FEW, MANY = 10_000, 100, 10_000, 1_000_000
FEATURES = [f"feature_{number}" for number in range(20)]
CATALOG = (
    "features:\n"
    + "".join(f"  {key}: {{title: {key}}}\n" for key in FEATURES)
    + "limits:\n  seats: {title: Seats, feature: feature_0}\n"
)


def package(number: int, *features: str, seats: int = 100) -> str:
    return (
        f"title: Package {number}\nfeatures: [{', '.join(features)}]\n"
        f"limits: {{seats: {seats}}}\nuser_count: 10\n"
    )


def lines(count: int) -> Iterator[ClientLine]:
    for number in range(count):
        yield ClientLine(
            id=f"client-{number:07}",
            line=number + 1,
            name=f"Client {number}",
            owner_email=f"owner@client-{number}.example",
            package=f"p{number % PACKAGES}",
            users=number % 12,
            usage={"feature_5": number % 3, "seats": number % 150},
        )


def agency(root: Path, clients: int) -> Path:
    """Ten thousand packages applied, clients spread over them, a hundred files narrowed since."""
    (root / "packages").mkdir(parents=True)
    (root / "catalog.yaml").write_text(CATALOG)
    (root / "reconciler.yaml").write_text(
        "catalog: catalog.yaml\nenvironments: {local: {platform: 'sqlite:///platform.db'}}\n"
    )
    for number in range(PACKAGES):
        (root / "packages" / f"p{number}.yaml").write_text(package(number, *FEATURES[:12]))
    workspace = read_workspace(root / "reconciler.yaml", today=AT.date())
    environment = environment_of(workspace.settings, None)
    with open_platform(environment.platform, root=root) as platform:
        made = plan(workspace, environment, platform, PlanRequest(AT))
        apply(workspace, environment, made, platform, ApplyRequest(AT, "benchmark"))
        platform.import_clients(lines(clients), AT)
    for number in range(CHANGED):
        narrowed = package(number, *FEATURES[:5], *FEATURES[6:12], seats=60)
        (root / "packages" / f"p{number}.yaml").write_text(narrowed)
    return root


LAUNCHER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
"""
"""A child's peak memory starts at its parent's, so that the parent must be small."""


def cost(root: Path) -> tuple[float, int]:
    """Processor seconds and peak bytes of one `plan`."""
    command = [sys.executable, "-m", "reconciler", "plan", "--quiet", "--format", "json"]
    launched = subprocess.run(
        [sys.executable, "-c", LAUNCHER, *command],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, peak = launched.stdout.split()
    return float(seconds), int(peak)


def test_a_plan_costs_by_what_changed_and_not_by_the_number_of_clients(tmp_path: Path) -> None:
    few, many = agency(tmp_path / "few", FEW), agency(tmp_path / "many", MANY)
    cost(few), cost(many)

    pairs = [(cost(many), cost(few)) for _ in range(5)]

    time_ratio = min(mine[0] for mine, _ in pairs) / min(other[0] for _, other in pairs)
    memory_ratio = min(mine[1] for mine, _ in pairs) / min(other[1] for _, other in pairs)
    print(
        f"\nplan, {CHANGED} of {PACKAGES:,} packages changed, {MANY:,} : {FEW:,} clients:"
        f" time {time_ratio:.2f}, peak memory {memory_ratio:.2f} ({pairs[0][0][1] / 2**20:.0f} MiB)"
    )
    assert time_ratio <= 1.2
    assert memory_ratio <= 1.2
