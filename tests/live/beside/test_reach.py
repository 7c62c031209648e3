"""What is removed on a platform without snapshots is lost by every holder, and every guard minds it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reconciler.engine.explain.client import explain_client
from reconciler.engine.plan import environment_of
from reconciler.errors import BlockedError
from reconciler.model.plans import ClientsMoved, EventUndone, Reach
from reconciler.render.json import client_json
from reconciler.render.story.blockers import Audience
from reconciler.render.story.glossary import Glossary
from reconciler.render.story.story import story
from reconciler.render.story.words import plain
from reconciler.render.text.client import client_text
from reconciler.render.text.explanation import explanation_text
from reconciler.render.text.style import Paper
from tests.shop import change_of, counts

if TYPE_CHECKING:
    from tests.live.beside.switchboard import Switchboard
    from tests.shop import Shop

LOSS = {"removes": "calls", "clients": 3, "reason": "It is gone.", "until": "2026-12-31"}


@pytest.fixture
def held(shop: Shop) -> Shop:
    """A package that three clients hold."""
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 50})
    shop.apply()
    for client in ("acme", "bolt", "cone"):
        shop.clients(client, package="pro", usage=None)
    return shop


def test_a_removed_feature_is_lost_by_every_holder(held: Shop) -> None:
    held.package("pro", features=["chat"])

    made = held.plan()

    assert counts(change_of(made, "pro"))["feature-removed", "calls"] == (0, 3, 0, 0)
    assert (made.summary.clients_losing, made.summary.clients_keeping) == (3, 0)
    assert {change.reach for change in made.changes} == {Reach.AT_ONCE}


def test_a_loss_that_nobody_stated_is_blocked_whatever_the_rollout_says(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "keep"})

    blocked = {(each.id, each.key) for each in held.plan().guards if each.result == "blocked"}

    assert blocked == {("acknowledge", "pro")}
    with pytest.raises(BlockedError):
        held.apply()


def test_more_clients_than_the_bound_are_not_taken_from(held: Shop) -> None:
    held.guards(clients_losing=2)
    held.apply()
    held.package("pro", features=["chat"], acknowledge=[{**LOSS, "removes": "calls"}])

    blocked = [each.id for each in held.plan().guards if each.result == "blocked"]

    assert "clients_losing" in blocked


def test_the_first_line_says_what_the_platform_cannot_do(held: Shop) -> None:
    held.package("pro", features=["chat"])

    told = story(held.plan(), Audience.TERMINAL).verdict

    assert plain(told.statement) == (
        "3 clients lose something now "
        "(on this platform, edits reach every holder at once and changes are made one by one)"
    )


def test_an_edit_that_reaches_holders_at_once_is_not_told_as_a_reassignment(held: Shop) -> None:
    held.package("pro", features=["chat"])

    told = story(held.plan(), Audience.TERMINAL)

    assert [each.done for each in told.entries] == [("update",)]
    assert told.summary == "Plan: 1 to update (3 clients)."
    assert "1 package is updated." in plain(told.verdict.sentence)


def test_the_plan_file_says_it_too(held: Shop) -> None:
    able = held.plan().platform.capabilities

    assert (able.snapshots, able.change_sets, able.records) == ("none", False, False)


def test_an_acknowledged_loss_reaches_everybody_with_the_apply(held: Shop, board: Switchboard) -> None:
    held.package("pro", features=["chat"], limits={}, acknowledge=[LOSS])

    run = held.apply()

    assert board.board()["packages"]["pro"]["terms"]["features"] == ["chat"]
    assert held.client("acme").entitlements.features == ("chat",)
    assert (run.moved, held.plan().changes) == (3, ())
    assert held.platform.lost_since(held.at.replace(year=2020)).clients == 3


def test_what_is_given_is_everybodys_at_once(held: Shop) -> None:
    held.package("pro", features=["chat", "calls", "agent"], limits={"minutes": 50})

    assert held.plan().summary.clients_gaining == 3


def test_steps_of_a_rollout_are_no_use_and_said_to_be_none(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign", "per_run": 1})

    made = held.plan()

    assert made.summary.clients_losing == 3
    assert made.notices == ("pro: `rollout` has no effect here, as the platform keeps no snapshots.",)


def test_a_suspended_holder_has_the_edit_when_it_comes_back(held: Shop) -> None:
    held.clients("acme", package="pro", usage=None, status="disabled")
    held.package("pro", features=["chat"], limits={}, acknowledge=[LOSS])
    held.apply()

    held.clients("acme", package="pro", usage=None, status="active")

    assert held.client("acme").entitlements.features == ("chat",)
    assert held.platform.outdated(held.at) == ()


def test_who_uses_what_is_lost_is_not_taken_for_nobody(held: Shop) -> None:
    held.package("pro", features=["chat"])

    assert not change_of(held.plan(), "pro").impact.complete


def test_that_nobody_meters_usage_is_said_with_what_to_do(held: Shop) -> None:
    held.package("pro", features=["chat"])

    (told,) = story(held.plan(), Audience.TERMINAL).entries

    assert plain(told.whom[-1]) == (
        "This platform meters no usage: who uses what is taken away is not counted. "
        "Look it up in the product before you apply."
    )


@pytest.mark.parametrize(
    ("term", "value"), [("expiry", "30 days"), ("allowed_emails", ["owner@acme.example"])]
)
def test_a_package_that_asks_for_what_the_platform_cannot_do_is_refused(
    shop: Shop, term: str, value: object
) -> None:
    shop.package("pro", features=["chat"], **{term: value})

    with pytest.raises(BlockedError, match=term):
        shop.plan()


@pytest.mark.parametrize("snapshots", ["period"])
def test_an_edit_at_the_next_period_is_lost_by_everybody_then(held: Shop) -> None:
    held.package("pro", features=["chat"])

    made = held.plan()
    told = story(made, Audience.TERMINAL)

    assert {change.reach for change in made.changes} == {Reach.NEXT_PERIOD}
    assert plain(told.verdict.statement).startswith("3 clients lose something at the next billing period (")
    assert "3 lose it at the next billing period" in plain(told.entries[0].facts[0].felt)
    assert made.blocked


def may_use(held: Shop) -> tuple[str, bool]:
    """What is said of what a client may use: as text, and in JSON."""
    client = held.client("acme")
    (listed,) = (each for each in held.platform.clients(held.at) if each.id == "acme")
    assert listed == client
    told = client_text(client, None, Glossary(), Paper(80))
    return " ".join(told.split()), json.loads(client_json(client))["from_next_period"]


@pytest.mark.parametrize("snapshots", ["period"])
def test_what_goes_at_the_next_period_is_not_said_to_be_gone_now(held: Shop) -> None:
    held.package("pro", features=["chat"], limits={}, acknowledge=[LOSS])
    held.apply()

    text, is_later = may_use(held)

    assert "until then it may use what the package granted before" in text
    assert is_later


def test_what_goes_at_once_is_said_to_be_gone_now(held: Shop) -> None:
    held.package("pro", features=["chat"], limits={}, acknowledge=[LOSS])
    held.apply()

    text, is_later = may_use(held)

    assert "next billing period" not in text
    assert not is_later


@pytest.mark.parametrize("snapshots", ["period"])
def test_what_is_given_at_the_next_period_is_not_said_to_come_with_the_apply(held: Shop) -> None:
    held.package("pro", features=["chat", "calls", "agent"], limits={"minutes": 50})

    told = story(held.plan(), Audience.TERMINAL)

    assert "3 gain it at the next billing period" in plain(told.entries[0].facts[0].felt)


@pytest.mark.parametrize("snapshots", ["period"])
def test_a_client_is_explained_to_move_at_its_next_period(held: Shop) -> None:
    held.package("pro", features=["chat"])
    workspace = held.workspace
    environment = environment_of(workspace.settings, None)
    explanation = explain_client(workspace, environment, held.platform, "acme", held.at)

    told = explanation_text(explanation, Glossary(), Paper(200))

    assert "moves this client to the package's new revision at its next billing period" in told


def test_what_a_hand_did_is_not_taken_back_where_no_snapshot_says_what_it_was(held: Shop) -> None:
    held.package("basic", title="Basic", features=["chat"])
    held.apply()
    held.platform.assign("acme", "basic", held.at)
    (event,) = [each for each in held.platform.events() if each.kind == "assign"]

    with pytest.raises(BlockedError, match="keeps no snapshots: what a hand did is not taken back there"):
        held.plan(aim=EventUndone(event.id))

    assert held.client("acme").subscription.package == "basic"


def test_clients_are_not_moved_together_where_packages_are_no_snapshots(held: Shop) -> None:
    held.package("basic", title="Basic", features=["chat"])
    held.apply()

    with pytest.raises(BlockedError, match="clients are not moved together"):
        held.plan(aim=ClientsMoved("pro", "basic", keeps_term=True))
