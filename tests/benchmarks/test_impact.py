"""What questions about clients cost, as ratios of things measured side by side. Run with `-m benchmark`."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.conformance.building import NOW
from reconciler.live.opening import open_platform
from reconciler.model.changesets import ChangeSet, PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.expiry import Expiry
from reconciler.model.packages import Definition, RevisionRef
from reconciler.model.questions import (
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    OwnerNotIn,
    UsesMoreThan,
)
from reconciler.store.operands import kind_of
from tests.benchmarks.crowd import crowd
from tests.benchmarks.goals import Row, reached, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

pytestmark = pytest.mark.benchmark

PACKAGES: Final = scaled(10_000)
FEW, MANY = scaled(10_000), scaled(1_000_000)
IMPORTED: Final = scaled(100_000)
"""All others are copies."""
CHANGED: Final = tuple(f"p{number * 97 % PACKAGES:05}" for number in range(scaled(100)))
LOSSES: Final[tuple[tuple[Condition, ...], ...]] = (
    (),
    (UsesMoreThan("chat", 0),),
    (UsesMoreThan("sessions", 400),),
    (UsesMoreThan("user_count", 15),),
    (OwnerNotIn(("ops@one.example", "ops@two.example")),),
    (AssignedIn(Expiry.parse("1 month").elapsed_starts(NOW)),),
    (AnyOf((UsesMoreThan("chat", 0), UsesMoreThan("sessions", 400), UsesMoreThan("user_count", 15))),),
)
QUESTIONS: Final = len(CHANGED) * len(LOSSES)
ACTIVE: Final = int(NOW.timestamp() * 1_000_000)


def say(line: str) -> None:
    print(f"\n{line}")


def packages(count: int) -> tuple[PackageWrite, ...]:
    document = {"user_count": 10, "features": ["chat"], "limits": {"sessions": 500}, "ai_credits": 1000}
    definitions = (Definition.normalised({"title": f"T{number}", **document}) for number in range(count))
    return tuple(PackageWrite(f"p{number:05}", each, None) for number, each in enumerate(definitions))


def people(clients: int, held: int) -> Iterator[ClientLine]:
    for number in range(clients):
        yield ClientLine(
            f"client-{number:08}",
            number + 1,
            name=f"Client {number}",
            owner_email=f"ops@c{number}.example",
            package=f"p{number * 7919 % held:05}",
            assigned_at=NOW - timedelta(days=number % 60, seconds=number),
            users=number % 20,
            usage={"chat": number % 50, "sessions": number % 600, "ai_credits": number % 1200},
        )


@contextmanager
def populated(folder: Path, clients: int, held: int) -> Iterator[Platform]:
    folder.mkdir()
    with open_platform("sqlite:///platform.db", root=folder) as platform:
        lineage = platform.identity().lineage
        platform.apply(ChangeSet("sha256:0", lineage, NOW, "ada", "local", writes=packages(held)))
        crowd(platform, partial(people, held=held), clients, IMPORTED, NOW)
        yield platform


def best(action: Callable[[], object], times: int = 5) -> float:
    seconds = []
    for _ in range(times):
        start = perf_counter()
        action()
        seconds.append(perf_counter() - start)
    return min(seconds)


def ask_for_a_plan(platform: Platform) -> None:
    """Ask all that a plan of 100 changed packages asks."""
    platform.packages()
    platform.definitions([RevisionRef(key, 1) for key in CHANGED])
    platform.holdings(CHANGED, NOW)
    platform.holder_count(NOW)
    ask_for_impacts(platform)


def ask_for_impacts(platform: Platform) -> None:
    questions = [ClientQuestion(key, (1,), conditions) for key in CHANGED for conditions in LOSSES]
    platform.answers(questions, NOW, sample=5)


def ask_for_holders(platform: Platform) -> None:
    platform.answers([ClientQuestion(key, (1,)) for key in CHANGED], NOW, sample=0)


def bare(folder: Path, statement: str) -> float:
    with closing(sqlite3.connect(folder / "platform.db")) as connection:
        return best(lambda: connection.execute(statement).fetchall(), times=3)


def steps_of(folder: Path, statement: str) -> list[str]:
    with closing(sqlite3.connect(folder / "platform.db")) as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def test_a_plan_costs_the_same_at_a_million_clients(tmp_path: Path) -> None:
    seconds: dict[int, float] = {}
    holders: dict[int, float] = {}
    for clients in (FEW, MANY):
        folder = tmp_path / str(clients)
        with populated(folder, clients, PACKAGES) as platform:
            seconds[clients] = best(lambda: ask_for_a_plan(platform))
            impacts = best(lambda: ask_for_impacts(platform))
            holders[clients] = best(lambda: ask_for_holders(platform))
        say(f"{clients:,} clients: plan {seconds[clients]:.3f} s")
        say(f"{clients:,} clients: {QUESTIONS} questions of it {impacts:.3f} s")
    keys = ",".join(f"'{key}'" for key in CHANGED)
    statement = (  # a `+` keeps a column from its index
        "SELECT s.package_id, count(*) FROM subscriptions s"  # noqa: S608 - constants
        f" WHERE +s.package_id IN (SELECT id FROM packages WHERE key IN ({keys}))"
        f" AND +s.active_until > {ACTIVE} GROUP BY +s.package_id"
    )
    assert steps_of(tmp_path / str(MANY), statement)[0].startswith("SCAN s")
    scan = bare(tmp_path / str(MANY), statement)
    what = f"all that a plan asks of the store, {MANY:,} : {FEW:,} clients"
    reached(Row(what, seconds[MANY] / seconds[FEW], most=1.5))
    reached(Row(f"a scan : holders of {len(CHANGED)} packages, clustered", scan / holders[MANY], least=25))


def test_a_package_with_a_million_holders_costs_what_bare_statements_cost(tmp_path: Path) -> None:
    held = f"s.package_id = 1 AND s.revision = 1 AND s.active_until > {ACTIVE}"
    statements: dict[tuple[Condition, ...], str] = {
        (): f"SELECT count(*) FROM subscriptions s WHERE {held}",  # noqa: S608 - constants
        (UsesMoreThan("chat", 0),): "SELECT count(*) FROM subscriptions s"  # noqa: S608 - constants
        " JOIN usage u ON u.package_id = 1 AND u.meter = 'chat' AND u.client_id = s.client_id"
        f" AND u.amount > 0 WHERE {held}",
        (UsesMoreThan("user_count", 15),): "SELECT count(*) FROM subscriptions s"  # noqa: S608 - constants
        f" JOIN clients c ON c.id = s.client_id AND c.users > 15 WHERE {held}",
        (AnyOf((UsesMoreThan("chat", 0), UsesMoreThan("sessions", 400), UsesMoreThan("user_count", 15))),): (
            "SELECT count(*) FROM subscriptions s"  # noqa: S608 - constants
            f" JOIN clients c ON c.id = s.client_id WHERE {held} AND (c.users > 15 OR EXISTS (SELECT 1"
            " FROM usage u WHERE u.package_id = 1 AND u.meter = 'chat' AND u.client_id = s.client_id"
            " AND u.amount > 0) OR EXISTS (SELECT 1 FROM usage u WHERE u.package_id = 1"
            " AND u.meter = 'sessions' AND u.client_id = s.client_id AND u.amount > 400))"
        ),
    }
    with populated(tmp_path / "big", MANY, 1) as platform:
        for conditions, statement in statements.items():
            question = ClientQuestion("p00000", (1,), conditions)
            ours = best(lambda: platform.answers([question], NOW, sample=5), times=3)  # noqa: B023 - called at once
            theirs = bare(tmp_path / "big", statement)
            kind = " and ".join(map(kind_of, conditions)) or "holders"
            reached(Row(f"{MANY:,} holders of a package, {kind} : bare", ours / theirs, most=2))
