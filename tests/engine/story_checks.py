"""The product's answers beside those of the model."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.engine.story_world import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.clients import Client
    from reconciler.model.plans import Change, Impact, Plan
    from tests.engine.story_world import Expected, Holder, World


def same_plan(made: Plan, expected: Mapping[str, Expected]) -> None:
    """Assert that the plan says of every package, loss and client what the model says."""
    written = {change.key: change for change in made.changes if change.reassignment is None}
    moved = {change.key: change for change in made.changes if change.reassignment is not None}
    assert {key: change.action.value for key, change in written.items()} == {
        key: each.action for key, each in expected.items() if each.action
    }
    assert moved.keys() == {key for key, each in expected.items() if each.movers}
    for key, each in expected.items():
        if each.action and each.action != "create":
            _same_impact(written[key].impact, each, each.change)
            assert written[key].impact.affected == each.change_affected
        if each.movers:
            _same_impact(moved[key].impact, each, each.move)
            _same_movers(moved[key], each)


def announced(made: Plan) -> Counter[tuple[str, str, str]]:
    """How many clients lose what of which package with the plan."""
    return Counter(
        {
            (change.key, finding.code.value, finding.subject): finding.lose
            for change in made.changes
            if change.reassignment is not None
            for finding in change.impact.findings
            if finding.lose
        }
    )


def same_client(client: Client, holder: Holder, world: World) -> None:
    held, granted = world.entitled(holder), client.entitlements
    subscription = client.subscription
    assert (subscription.package, subscription.revision) == (holder.package, holder.revision)
    assert (subscription.assigned_at, subscription.status == "active") == (holder.start, held is not None)
    assert dict(client.usage) == holder.usage
    mine = held or Terms(users=0)
    assert set(granted.features) == mine.features
    assert dict(granted.limits) == dict(mine.limits)
    assert (granted.caps.get("user_count", 0), granted.caps.get("ai_credits")) == (mine.users, mine.credits)


def _same_impact(impact: Impact, expected: Expected, counts: Mapping[Any, Any]) -> None:
    assert (impact.holders, impact.stale) == (expected.holders, expected.stale)
    assert {
        (each.code.value, each.subject): (each.keep, each.lose, each.use, each.over, each.expired)
        for each in impact.findings
        if each.keep + each.lose
    } == counts


def _same_movers(change: Change, expected: Expected) -> None:
    assert change.reassignment is not None
    assert change.reassignment.clients == len(expected.movers)
    through = change.reassignment.through
    assert through is None or through == expected.movers[-1]
