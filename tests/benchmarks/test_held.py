"""What grants cost a plan, and what events cost writers, as ratios. Run with `-m benchmark`."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from reconciler.live.opening import open_platform
from tests.benchmarks.agency import AT, CHANGED, MANY, PACKAGES, Sold, agency, cost
from tests.benchmarks.goals import Row, reached, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

pytestmark = pytest.mark.benchmark

PLAN: Final = ("plan", "--quiet", "--format", "json")
WRITERS: Final = 32
WRITES: Final = scaled(200)
CLIENTS: Final = 100
"""Of each writer."""
HELD: Final = scaled(100)
KINDS: Final = ("start_cycle", "assign")
ROUNDS: Final = 2


def test_a_plan_over_grants_costs_little_more_than_one_without(tmp_path: Path, many: Path) -> None:
    granted = agency(tmp_path / "granted", MANY, sold=Sold(granted=True, imported=MANY // 10))
    cost(granted, *PLAN), cost(many, *PLAN)

    pairs = [(cost(granted, *PLAN), cost(many, *PLAN)) for _ in range(5)]

    ratio = min(mine[1] for mine, _ in pairs) / min(other[1] for _, other in pairs)
    what = f"`plan`, {CHANGED} of {PACKAGES:,} packages changed, {MANY:,} clients, 10 % with grants : none"
    reached(Row(what, ratio, most=1.2, peak=pairs[0][0][2]))


def test_writers_on_distinct_clients_fail_no_oftener_for_the_events(tmp_path: Path, database: str) -> None:
    root = agency(tmp_path / "held", WRITERS * CLIENTS, database, Sold(HELD))
    failures = dict.fromkeys(KINDS, 0)
    for kind in ROUNDS * (*KINDS, *reversed(KINDS)):
        failures[kind] += failures_of(root, database, kind)

    without, with_events = (failures[kind] for kind in KINDS)
    ratio = (with_events + 1) / (without + 1)
    what = (
        f"serialisation failures of {WRITERS} writers on distinct clients, PostgreSQL, an event each : none"
    )
    reached(Row(what, ratio, most=1, aside=f"{with_events:,} : {without:,}"))


def failures_of(root: Path, database: str, kind: str) -> int:
    """Have all write at once, each to clients of its own; return how many transactions failed."""
    with counted_faults() as faults, ThreadPoolExecutor(WRITERS) as crowd:
        list(crowd.map(lambda number: write(root, database, kind, number), range(WRITERS)))
    return faults["40001"]


def write(root: Path, database: str, kind: str, writer: int) -> None:
    with open_platform(database, root=root) as platform:
        for number in range(WRITES):
            begin_anew(platform, kind, writer * CLIENTS + number % CLIENTS)


def begin_anew(platform: Platform, kind: str, number: int) -> None:
    """Begin a cycle, which is no event, or a term with its cycle, which is one."""
    client = f"client-{number:07}"
    if kind == "start_cycle":
        platform.start_cycle(client, AT)
    else:
        platform.assign(client, f"p{number % HELD}", AT)


@contextmanager
def counted_faults() -> Iterator[Counter[str]]:
    """Count by SQLSTATE what databases refuse this process."""
    found: Counter[str] = Counter()

    def note(context: Any) -> None:
        found[getattr(context.original_exception, "sqlstate", None) or ""] += 1

    event.listen(Engine, "handle_error", note)
    try:
        yield found
    finally:
        event.remove(Engine, "handle_error", note)
