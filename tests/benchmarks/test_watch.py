"""An idle cycle of the loop costs the same however many packages and clients there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from reconciler.live.opening import open_platform
from reconciler.live.port import Platform
from reconciler.sources.mirror import Mirror
from reconciler.watch.events import Outcome
from reconciler.watch.follower import Follower
from reconciler.watch.policy import Policy
from tests.benchmarks.goals import Row, reached, scaled
from tests.builders import NOON
from tests.repository import Repository
from tests.shop import Shop

_CYCLES = 15
PACKAGES = scaled(5_000)
CLIENTS = scaled(20_000)


def idle_seconds(folder: Path, *, packages: int, clients: int) -> float:
    author = Repository.made(folder / "author")
    author.package("basic")
    for number in range(packages):
        author.package(f"package-{number}")
    author.commit()

    @contextmanager
    def opened() -> Iterator[Platform]:
        with open_platform("sqlite:///platform.db", root=folder) as platform:
            yield platform

    follower = Follower(
        Mirror(folder / "mirror", str(author.root), "main"), Policy("reconciler.yaml", "local", "x"), opened
    )
    list(follower.cycle(NOON))
    with opened() as platform:
        Shop(folder, platform).clients(*(f"client-{number}" for number in range(clients)), package="basic")
    list(follower.cycle(NOON))
    seconds = []
    for _ in range(_CYCLES):
        began = perf_counter()
        (event,) = follower.cycle(NOON)
        seconds.append(perf_counter() - began)
        assert event.outcome is Outcome.IDLE
    return median(seconds)


@pytest.mark.benchmark
def test_an_idle_cycle_costs_the_same_with_many_packages_and_clients(tmp_path: Path) -> None:
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()

    few = idle_seconds(tmp_path / "few", packages=10, clients=10)
    many = idle_seconds(tmp_path / "many", packages=PACKAGES, clients=CLIENTS)

    what = f"idle cycle of the loop, {PACKAGES:,} packages and {CLIENTS:,} clients : 10 and 10"
    reached(Row(what, many / few, most=1.5, aside=f"{1000 * many:.1f} ms"))
