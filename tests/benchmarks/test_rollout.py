"""A million holders of one package: a plan and one rollout step, beside their own statements run bare."""

from __future__ import annotations

import shutil
import tracemalloc
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from time import process_time
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from reconciler.model.clients import ClientLine
from reconciler.store.dialects import engine_of
from tests.benchmarks.crowd import crowd
from tests.benchmarks.goals import Row, reached, scaled
from tests.shop import opened_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.shop import Shop

pytestmark = pytest.mark.benchmark

HOLDERS = scaled(1_000_000)
IMPORTED = scaled(100_000)
"""All others are copies."""
REPEATS = 3
FETCHED = 2_000
MOST_OVER_BARE = 1.25
FEW_HOLDERS = scaled(1_000)
MOST_MEMORY_OVER_FEW = 1.1
STEP = {"existing_clients": "reassign", "per_run": "10%", "every": "0 days"}


@dataclass
class Recorder:
    """Every statement that the store ran, with its parameters."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)

    def note(self, *call: Any) -> None:
        _, _, statement, parameters, _, is_many = call
        self.statements.append((statement, parameters, is_many))

    def end(self, *_: Any) -> None:
        self.statements.append(("COMMIT", (), False))

    def replay(self, database: Path) -> float:
        """Run them bare on a database; return processor seconds."""
        with closing(engine_of(database).raw_connection()) as connection:
            cursor = connection.cursor()
            start = process_time()
            for statement, parameters, is_many in self.statements:
                if statement == "COMMIT" and not connection.in_transaction:  # what was begun by no statement
                    continue
                run = cursor.executemany if is_many else cursor.execute
                run(statement, parameters)
                while cursor.description and cursor.fetchmany(FETCHED):
                    pass
            return process_time() - start


@contextmanager
def recorded() -> Iterator[Recorder]:
    recorder = Recorder()
    hooks = (("before_cursor_execute", recorder.note), ("commit", recorder.end), ("rollback", recorder.end))
    for name, hook in hooks:
        event.listen(Engine, name, hook)
    try:
        yield recorder
    finally:
        for name, hook in hooks:
            event.remove(Engine, name, hook)


@contextmanager
def sold(root: Path, count: int) -> Iterator[Shop]:
    """Everybody holds the first revision; the files now lower a limit and the user count, in steps."""
    with opened_shop(root) as shop:
        shop.guards(clients_losing="unlimited", acknowledge="never")
        shop.package("pro", features=["chat", "calls"], limits={"minutes": 500}, user_count=9)
        shop.apply()
        crowd(shop.platform, lambda imported: map(holder, range(imported)), count, IMPORTED, shop.at)
        shop.package("pro", features=["chat", "calls"], limits={"minutes": 300}, user_count=5, rollout=STEP)
        yield shop


def holder(number: int) -> ClientLine:
    return ClientLine(
        id=f"client-{number:07}",
        line=number + 1,
        name=f"Client {number}",
        owner_email=f"owner@client-{number}.example",
        package="pro",
        users=number % 10,
        usage={"minutes": number % 500},
    )


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with sold(tmp_path_factory.mktemp("full"), HOLDERS) as shop:
        yield shop


def compared(shop: Shop, act: Callable[[], object]) -> float:
    """Return the processor time of `act` as a ratio to its own statements, run bare on a copy."""
    database, copy = shop.root / "platform.db", shop.root / "copy.db"
    shutil.copy(database, copy)
    with recorded() as recorder:
        start = process_time()
        act()
        mine = process_time() - start
    bare = recorder.replay(copy)
    print(f"\n  {len(recorder.statements)} statements: {mine:.2f} s, bare {bare:.2f} s")
    return mine / bare


def test_the_impact_of_a_change_costs_what_its_statements_cost(full: Shop) -> None:
    ratio = min(compared(full, full.plan) for _ in range(REPEATS))

    what = f"plan over {HOLDERS:,} holders of one package : its statements run bare"
    reached(Row(what, ratio, most=MOST_OVER_BARE))


def test_a_rollout_step_costs_what_its_statements_cost(full: Shop) -> None:
    made = full.plan()

    ratio = compared(full, lambda: full.apply(made))

    assert full.platform.runs(limit=1)[0].moved == HOLDERS // 10
    reached(Row(f"one step of 10 % of {HOLDERS:,} : its statements run bare", ratio, most=MOST_OVER_BARE))


def test_the_memory_of_plan_and_step_does_not_grow_with_the_clients(full: Shop, tmp_path: Path) -> None:
    with sold(tmp_path, FEW_HOLDERS) as small:
        few = peak_of(small)

    many = peak_of(full)

    what = f"Python's memory in a plan and a step, {HOLDERS:,} : {FEW_HOLDERS:,} holders"
    reached(Row(what, many / few, most=MOST_MEMORY_OVER_FEW))


def peak_of(shop: Shop) -> int:
    tracemalloc.start()
    shop.apply()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
