"""Ten thousand packages, applied, with clients spread over them, and a hundred files narrowed since."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.live.opening import open_platform
from reconciler.model.clients import ClientLine
from reconciler.model.grants import Granting
from reconciler.sources.workspace import read_workspace
from tests.benchmarks.crowd import crowd
from tests.benchmarks.goals import scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 1, tzinfo=UTC)
PACKAGES, CHANGED, FEW = scaled(10_000), scaled(100), scaled(10_000)
MANY = int(os.environ.get("RECONCILER_BENCHMARK_CLIENTS", scaled(1_000_000)))
FEATURES = [f"feature_{number}" for number in range(20)]
CATALOG = (
    "features:\n"
    + "".join(f"  {key}: {{title: {key}}}\n" for key in FEATURES)
    + "limits:\n  seats: {title: Seats, feature: feature_0}\n"
)


GRANTS = (
    Granting("limits/seats", "subscription", set_to=120),
    Granting("user_count", "reassigned", add=2),
)


def package(number: int, *features: str, seats: int = 100) -> str:
    return (
        f"title: Package {number}\nfeatures: [{', '.join(features)}]\n"
        f"limits: {{seats: {seats}}}\nuser_count: 10\n"
    )


def lines(count: int, packages: int = PACKAGES, *, granted: bool = False) -> Iterator[ClientLine]:
    """Yield clients; with `granted`, one in ten of each package has grants of what the files narrow."""
    for number in range(count):
        has_grants = granted and number // packages % 10 == 0
        yield ClientLine(
            id=f"client-{number:07}",
            line=number + 1,
            name=f"Client {number}",
            owner_email=f"owner@client-{number}.example",
            package=f"p{number % packages}",
            users=number % 12,
            usage={"feature_5": number % 3, "seats": number % 150},
            grants=GRANTS if has_grants else (),
        )


@dataclass(frozen=True)
class Sold:
    """How many packages there are, whether clients were granted more, and how many are no copies."""

    packages: int = PACKAGES
    granted: bool = False
    imported: int = MANY


def agency(
    root: Path, clients: int, platform: str = "sqlite:///platform.db", sold: Sold | None = None
) -> Path:
    """Fill a folder and the platform of its environment `local`."""
    sold = sold or Sold()
    packages = sold.packages
    (root / "packages").mkdir(parents=True)
    (root / "catalog.yaml").write_text(CATALOG)
    configure(root, local=platform)
    for number in range(packages):
        (root / "packages" / f"p{number}.yaml").write_text(package(number, *FEATURES[:12]))
    workspace = read_workspace(root / "reconciler.yaml", today=AT.date())
    environment = environment_of(workspace.settings, None)
    with open_platform(platform, root=root) as store:
        made = plan(workspace, environment, store, PlanRequest(AT))
        apply(workspace, environment, made, store, ApplyRequest(AT, "benchmark"))
        crowd(store, partial(lines, packages=packages, granted=sold.granted), clients, sold.imported, AT)
    for number in range(min(CHANGED, packages)):
        narrowed = package(number, *FEATURES[:5], *FEATURES[6:12], seats=60)
        (root / "packages" / f"p{number}.yaml").write_text(narrowed)
    return root


def configure(root: Path, **platforms: str) -> None:
    """Name platforms as environments."""
    environments = {name: {"platform": url} for name, url in platforms.items()}
    configuration = {"catalog": "catalog.yaml", "environments": environments}
    (root / "reconciler.yaml").write_text(json.dumps(configuration))


LAUNCHER = """
import resource, subprocess, sys, time
started = time.perf_counter()
ran = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
if ran.returncode and sys.argv[1] == "strict":
    sys.exit(f"{sys.argv[2:]} ended with {ran.returncode}: {ran.stderr}")
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
"""
"""A child's peak memory starts at its parent's, so that the parent must be small."""


def cost(
    root: Path, *command: str, checkout: Path = ROOT, may_fail: bool = False
) -> tuple[float, float, int]:
    """Seconds, processor seconds and peak bytes of one command of a checkout as a whole process."""
    return spent(root, sys.executable, "-m", "reconciler", *command, checkout=checkout, may_fail=may_fail)


def spent(root: Path, *words: str, checkout: Path = ROOT, may_fail: bool = False) -> tuple[float, float, int]:
    """The same of any program."""
    launched = subprocess.run(
        [sys.executable, "-c", LAUNCHER, "lax" if may_fail else "strict", *words],
        cwd=root,
        env=_compiled_once(root, checkout),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds, processor, peak = launched.stdout.split()
    return float(seconds), float(processor), int(peak)


def _compiled_once(root: Path, checkout: Path) -> dict[str, str]:
    """Have modules compiled by the first command alone, whatever the environment says: later ones count."""
    others = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**others, "PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": str(root / "compiled")}
