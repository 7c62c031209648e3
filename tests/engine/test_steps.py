"""Steps of a rollout keep their distance and their day (rule 19)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import StaleError
from reconciler.live.opening import open_platform, open_served
from reconciler.model.english import day
from reconciler.model.plans import ClientsReassigned, RunUndone, WaitingStep
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story
from reconciler.render.story.words import plain
from tests.servers import listening, served
from tests.shop import Shop

if TYPE_CHECKING:
    from reconciler.model.plans import Plan


def rolled_out(shop: Shop, **rollout: Any) -> None:
    shop.package("pro", features=["chat"], rollout={"existing_clients": "reassign", **rollout})


def moved(shop: Shop) -> int:
    """Apply what is due; return how many clients hold the current revision then."""
    made = shop.plan()
    if not made.is_empty:
        shop.apply(made)
    current = shop.platform.packages()[0].revision
    return shop.platform.holdings(["pro"], shop.at)["pro"].get(current, 0)


def said(made: Plan) -> str:
    """What the story says of the step that waits."""
    (note,) = (each for each in story(made, Audience.TERMINAL).notes if each.label == "Waiting")
    return plain(note.sentence)


def told(clients: int, on: date, why: str) -> str:
    return f"pro: the next {clients} clients move on {day(on)} at the earliest, since {why}."


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.package("pro", features=["calls", "chat"])
    shop.guards(acknowledge="never", clients_losing="unlimited")
    shop.apply()
    shop.clients("a", "b", "c", "d", "e", package="pro")
    return shop


def test_an_entry_that_a_waiting_step_needs_is_not_called_idle(sold: Shop) -> None:
    entry = {"removes": "calls", "clients": 5, "reason": "They were told.", "until": "2027-12-31"}
    sold.package(
        "pro",
        features=["chat"],
        rollout={"existing_clients": "reassign", "per_run": 3},
        acknowledge=[entry],
    )
    sold.apply()

    assert [each.clients for each in sold.plan().waiting] == [2]
    assert not any("lets nothing pass" in notice for notice in sold.plan().notices)
    sold.later(days=1)
    sold.apply()
    assert any("is spent" in notice for notice in sold.plan().notices)


def test_the_next_step_waits_for_the_next_day_and_the_plan_says_so(sold: Shop) -> None:
    rolled_out(sold, per_run=2)
    assert moved(sold) == 2

    made = sold.plan()

    tomorrow = sold.at.date() + timedelta(days=1)
    assert made.waiting == (WaitingStep(key="pro", clients=2, day=tomorrow, every=1),)
    assert said(made) == told(2, tomorrow, "steps are 1 day apart")
    assert made.is_empty
    assert moved(sold) == 2
    sold.at = sold.at.replace(hour=0, minute=0) + timedelta(days=1)
    assert moved(sold) == 4
    sold.later(days=1)
    assert moved(sold) == 5
    assert sold.plan().waiting == ()


def test_what_a_plan_leaves_is_what_it_announced(sold: Shop) -> None:
    rolled_out(sold, per_run="40%", every="7 days")

    for clients in (2, 1):
        made = sold.plan()
        sold.apply(made)

        assert [(each.clients, each.every) for each in made.waiting] == [(clients, 7)]
        assert sold.plan().waiting == made.waiting
        assert sold.plan().is_empty
        sold.later(days=7)

    assert moved(sold) == 5
    assert sold.plan().waiting == ()


@pytest.mark.parametrize(("every", "after", "count"), [("7 days", 6, 2), ("7 days", 7, 4), ("0 days", 0, 4)])
def test_steps_are_as_many_days_apart_as_the_file_says(
    sold: Shop, every: str, after: int, count: int
) -> None:
    rolled_out(sold, per_run=2, every=every)
    moved(sold)

    sold.later(days=after)

    assert moved(sold) == count


def test_nobody_moves_before_the_day_of_the_file(sold: Shop) -> None:
    start = sold.at.date() + timedelta(days=3)
    rolled_out(sold, not_before=start.isoformat())

    assert moved(sold) == 0

    made = sold.plan()
    assert made.waiting == (WaitingStep(key="pro", clients=5, day=start),)
    assert said(made) == told(5, start, "the file lets nobody move before")
    sold.later(days=3)
    assert moved(sold) == 5


def test_a_new_rollout_begins_at_once(sold: Shop) -> None:
    rolled_out(sold, per_run=2)
    moved(sold)
    sold.package("pro", features=[], rollout={"existing_clients": "reassign", "per_run": 2})

    assert moved(sold) == 2


def test_a_move_by_hand_and_a_rollback_are_no_steps(sold: Shop) -> None:
    rolled_out(sold, per_run=2, not_before=(date(2030, 1, 1)).isoformat())
    moved(sold)

    sold.apply(aim=ClientsReassigned("pro", ("e",)))
    assert sold.platform.packages()[0].stepped_at is None

    rolled_out(sold, per_run=2)
    assert moved(sold) == 3
    run = sold.platform.runs(limit=1)[0]
    sold.apply(aim=RunUndone(run.id))
    assert sold.platform.holdings(["pro"], sold.at)["pro"] == {1: 4, 2: 1}


def test_of_two_plans_of_one_day_only_one_moves_anybody(sold: Shop) -> None:
    rolled_out(sold, per_run=2)
    one, other = sold.plan(), sold.plan()
    sold.apply(one)

    with pytest.raises(StaleError, match=r"moved since|already"):
        sold.apply(other)

    assert moved(sold) == 2


@pytest.mark.parametrize(("days_ahead", "holders"), [(0, 4), (1, 2)])
def test_of_two_clocks_that_of_the_server_decides_what_day_it_is(
    sold: Shop, days_ahead: int, holders: int
) -> None:
    rolled_out(sold, per_run=2)
    moved(sold)
    sold.later(days=1)
    clock = sold.at - timedelta(days=days_ahead)

    with (
        open_served("sqlite:///platform.db", root=sold.root) as (behind, _),
        listening(served(behind, clock=lambda: clock)) as url,
        open_platform(url, root=sold.root) as remote,
    ):
        asking = Shop(sold.root, remote, sold.at)
        if days_ahead:
            with pytest.raises(StaleError, match=rf"`pro`: its rollout moves nobody before {sold.at.date()}"):
                asking.apply()
        else:
            asking.apply()

    assert sold.platform.holdings(["pro"], sold.at)["pro"][2] == holders
