from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, get_args

import pytest

from reconciler.conformance.building import NOW, definition
from reconciler.live.opening import open_platform
from reconciler.model.expiry import Span, Window
from reconciler.model.questions import (
    AfterMove,
    AnyOf,
    AssignedIn,
    ClientQuestion,
    Condition,
    EndedToo,
    ExtendedBeyond,
    GrantEnds,
    HeldSince,
    LengthenedIn,
    LostSince,
    LostUnder,
    NotExtendedBeyond,
    NotOneOf,
    OneOf,
    OwnerIn,
    OwnerNotIn,
    ShortenedIn,
    UpTo,
    UsesBeyond,
    UsesMoreThan,
)
from reconciler.store import questions, tables
from reconciler.store.conditions import counted
from reconciler.store.database import Database
from reconciler.store.outdated import outdatings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Select

CONDITIONS: tuple[Condition, ...] = (
    UsesMoreThan("chat", 0),
    UsesMoreThan("user_count", 1),
    OwnerIn(("a@b.example",)),
    OwnerNotIn(("a@b.example",)),
    AssignedIn((Window(None, NOW),)),
    NotOneOf(("a",)),
    OneOf(("a",)),
    UpTo("a"),
    LostUnder("removes", "features/chat"),
    LostSince(NOW),
    AnyOf((UsesMoreThan("chat", 0), UsesMoreThan("audio", 0))),
    AnyOf(
        (
            UsesMoreThan("chat", 0),
            UsesMoreThan("user_count", 1),
            OwnerNotIn(("a@b.example",)),
            AssignedIn((Window(None, NOW),)),
        )
    ),
)
OTHERS: tuple[Condition, ...] = (
    HeldSince(1, 1),
    EndedToo(),
    LostSince(NOW, 1),
    AfterMove("limits/chat", 1, 0),
    UsesBeyond("limits/chat", 1, 0),
    GrantEnds(),
    ShortenedIn((Window(None, NOW),)),
    LengthenedIn((Span(None, NOW, 30),)),
    ExtendedBeyond(NOW),
    NotExtendedBeyond(NOW),
)
"""What is asked seldom, or of few."""
COMBINATIONS = [
    *(combination for size in (0, 1, 2) for combination in combinations(CONDITIONS, size)),
    *((condition,) for condition in OTHERS),
]
CLIENT_SIZED = ("subscriptions", "usage", "clients", "moves", "grants", "grant_effects", "events")
OF_ONE_CLIENT = ("moves", "grants", "grant_effects")
"""What has many rows for one run or term: it is met by the client."""


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Reads an empty platform, which these tests only have explained."""
    root = tmp_path_factory.mktemp("explained")
    with open_platform("sqlite:///platform.db", root=root) as platform:
        platform.edit_package("basic", definition(), NOW)
    database = Database(root / "platform.db")
    with database.reading() as connection:
        yield connection
    database.close()


def explained(connection: Connection, statement: Select[Any]) -> Sequence[Any]:
    compiled = statement.compile(dialect=connection.dialect)
    values = tuple(0 for _ in compiled.positiontup or ())
    return connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values).all()


def steps(connection: Connection, statement: Select[Any]) -> list[str]:
    return [row[3] for row in explained(connection, statement)]


def repeated(connection: Connection, statement: Select[Any]) -> list[str]:
    """Return the steps that are taken anew for each holder."""
    within: set[int] = set()
    found = []
    for number, parent, _, step in explained(connection, statement):
        if parent in within or step.startswith("CORRELATED"):
            within.add(number)
            found.append(step)
    return found


def test_every_kind_of_condition_is_looked_at() -> None:
    kinds = get_args(get_args(Condition)[0])

    assert {type(each) for each in (*CONDITIONS, *OTHERS)} == set(kinds)


@pytest.mark.parametrize(
    "conditions", COMBINATIONS, ids=lambda each: "+".join(type(c).__name__ for c in each)
)
def test_no_question_scans_a_table_of_clients(
    connection: Connection, conditions: tuple[Condition, ...]
) -> None:
    matches = questions.ask(connection, ClientQuestion("basic", (1,), conditions), NOW)

    counting = steps(connection, counted(conditions))
    streaming = steps(connection, matches.select(tables.subscriptions.c.client_id))
    first = steps(connection, questions.first_of_revision(conditions))

    for step in (*counting, *streaming, *first):
        assert not step.startswith(tuple(f"SCAN {table}" for table in CLIENT_SIZED)), step
        assert "AUTOMATIC" not in step, step


@pytest.mark.parametrize(
    "conditions", COMBINATIONS, ids=lambda each: "+".join(type(c).__name__ for c in each)
)
def test_what_a_client_went_through_is_met_by_the_client(
    connection: Connection, conditions: tuple[Condition, ...]
) -> None:
    for step in repeated(connection, counted(conditions)):
        if step.startswith(tuple(f"SEARCH {table}" for table in OF_ONE_CLIENT)):
            assert "client_id=?" in step, step


@pytest.mark.parametrize("conditions", COMBINATIONS, ids=str)
def test_a_count_sorts_only_the_numbers_of_the_questions_that_are_met(
    connection: Connection, conditions: tuple[Condition, ...]
) -> None:
    sorting = [step for step in steps(connection, counted(conditions)) if "TEMP B-TREE" in step]

    assert sorting == ["USE TEMP B-TREE FOR GROUP BY"]


def test_holders_are_counted_from_the_index_alone(connection: Connection) -> None:
    counting = steps(connection, counted(()))

    assert any(
        "COVERING INDEX ix_subscriptions_held (package_id=? AND revision=?)" in step for step in counting
    )


def test_who_is_outdated_is_counted_from_the_part_of_the_index_below_the_current_revision(
    connection: Connection,
) -> None:
    counting = steps(connection, outdatings(NOW))

    (of_holders,) = (step for step in counting if " subscriptions" in step)
    assert of_holders.startswith(
        "SEARCH subscriptions USING COVERING INDEX ix_subscriptions_held (package_id=? AND revision<?)"
    )
    assert not any("GROUP BY" in step or "AUTOMATIC" in step for step in counting)


def test_usage_is_met_by_its_primary_key(connection: Connection) -> None:
    conditions = (UsesMoreThan("chat", 0),)
    counting = steps(connection, counted(conditions))

    assert "SEARCH usage0 USING PRIMARY KEY (package_id=? AND meter=? AND client_id=?)" in counting


def test_usage_that_is_one_of_several_alternatives_is_met_by_its_primary_key(connection: Connection) -> None:
    conditions = (AnyOf((UsesMoreThan("chat", 0), UsesMoreThan("audio", 0))),)
    counting = steps(connection, counted(conditions))

    assert "SEARCH usage3 USING PRIMARY KEY (package_id=? AND meter=? AND client_id=?)" in counting


@pytest.mark.parametrize("conditions", [(), (UsesMoreThan("chat", 0),), (UsesMoreThan("user_count", 1),)])
def test_the_first_few_come_in_order_without_sorting_all(
    connection: Connection, conditions: tuple[Condition, ...]
) -> None:
    assert not any(
        "TEMP B-TREE" in step for step in steps(connection, questions.first_of_revision(conditions))
    )
