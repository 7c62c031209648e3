from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.apply import ApplyRequest, apply
from reconciler.engine.plan import environment_of
from reconciler.errors import StaleError
from reconciler.live.opening import open_platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.changesets import Run
    from reconciler.model.plans import Plan
    from reconciler.sources.workspace import Workspace
    from tests.shop import Shop

REASSIGN = {"existing_clients": "reassign"}
ROUNDS = 5


def applied_at_once(shop: Shop, attempts: Sequence[tuple[Plan, Workspace]]) -> list[Run | StaleError]:
    """Apply every plan at the same moment, each over a connection of its own."""
    shop.later(seconds=1)
    start = Barrier(len(attempts))

    def attempt(made: Plan, workspace: Workspace) -> Run | StaleError:
        environment = environment_of(workspace.settings, None)
        with open_platform(environment.platform, root=shop.root) as platform:
            start.wait()
            try:
                return apply(workspace, environment, made, platform, ApplyRequest(shop.at, "somebody"))
            except StaleError as error:
                return error

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(lambda each: attempt(*each), attempts))


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.guards(clients_losing="unlimited", acknowledge="never")
    shop.package("pro", features=["chat", "calls", "sessions"])
    shop.apply()
    shop.clients("acme", "bolt", "cone", package="pro")
    return shop


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_of_two_plans_for_the_same_package_one_wins(held: Shop, turn: int) -> None:
    held.package("pro", features=["chat", "calls"], rollout=REASSIGN)
    one = held.plan(), held.workspace
    held.package("pro", features=["chat", "sessions"], rollout=REASSIGN)
    other = held.plan(), held.workspace

    outcomes = applied_at_once(held, [one, other] if turn % 2 else [other, one])

    assert [type(outcome) for outcome in outcomes].count(StaleError) == 1
    assert len(held.platform.runs()) == 2
    winner = next(outcome for outcome in outcomes if not isinstance(outcome, StaleError))
    assert held.platform.moved_by(winner.id)[0].clients == 3
    assert len({held.client(id_).entitlements.features for id_ in ("acme", "bolt", "cone")}) == 1


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_one_plan_applied_twice_at_once_is_one_run(held: Shop, turn: int) -> None:
    held.package("pro", features=["chat"], user_count=9 + turn, rollout=REASSIGN)
    same = held.plan(), held.workspace

    outcomes = applied_at_once(held, [same, same, same])

    runs = {outcome.id for outcome in outcomes if not isinstance(outcome, StaleError)}
    assert runs == {2}
    assert [run.id for run in held.platform.runs()] == [2, 1]
    assert held.plan().is_empty


def test_two_rollout_steps_at_once_are_one_step(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.apply()
    held.package("pro", features=["chat"], rollout={**REASSIGN, "per_run": 1, "every": "0 days"})
    one = held.plan(), held.workspace
    other = held.plan(), held.workspace

    outcomes = applied_at_once(held, [one, other])

    moved = [outcome.moved for outcome in outcomes if not isinstance(outcome, StaleError)]
    revisions = sorted(held.client(id_).subscription.revision for id_ in ("acme", "bolt", "cone"))
    assert sum(moved) == revisions.count(2)
    assert revisions.count(2) == 1
