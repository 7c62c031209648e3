"""What a plan says of clients who have something beside their package, and who is not taken for a loser."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import StaleError
from reconciler.model.expiry import Expiry
from reconciler.model.grants import Extending, Granting
from reconciler.model.plans import RunUndone
from reconciler.model.quantities import magnitude
from reconciler.model.terms import Code, Severity
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story
from reconciler.render.text.plan import plan_lines
from reconciler.render.text.style import Paper

if TYPE_CHECKING:
    from reconciler.model.clients import Client
    from reconciler.model.plans import ImpactFinding, Plan
    from tests.shop import Shop

REASSIGN = {"rollout": {"existing_clients": "reassign"}}


def selling(shop: Shop, *clients: str, **fields: Any) -> None:
    shop.settled(clients_losing="unlimited", acknowledge="never")
    shop.package("pro", **{"features": ["chat"], **fields})
    shop.apply()
    shop.clients(*clients, package="pro")


def grant(shop: Shop, client: str, term: str, until: Any = "subscription", **more: Any) -> Client:
    return shop.platform.adjust(client, Granting(term, until, **more), shop.at)


def findings(made: Plan) -> dict[Code, ImpactFinding]:
    return {each.code: each for change in made.changes for each in change.impact.findings}


def told(made: Plan) -> str:
    return "\n".join(plan_lines(story(made, Audience.TERMINAL), Paper(200)))


def test_who_keeps_a_removed_feature_by_a_grant_does_not_lose_it(shop: Shop) -> None:
    selling(shop, "acme", "bolt", "cord", features=["chat", "agent"])
    grant(shop, "acme", "agent")
    grant(shop, "bolt", "agent", "reassigned")
    shop.package("pro", features=["chat"], **REASSIGN)

    made = shop.plan()

    found = findings(made)[Code.FEATURE_REMOVED]
    assert (found.lose, found.granted, made.summary.clients_losing) == (2, 1, 2)
    assert "2 lose it with this apply" in told(made)
    assert "1 keeps it by a grant" in told(made)


def test_a_grant_that_the_package_makes_redundant_is_told_and_is_no_gain(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "agent")
    shop.package("pro", features=["chat", "agent"], **REASSIGN)

    made = shop.plan()

    found = findings(made)[Code.FEATURE_ADDED]
    assert (found.gain, found.granted, made.summary.clients_gaining) == (1, 1, 1)
    assert "1 has as much by a grant already" in told(made)


def test_whose_grant_ends_with_the_reassignment_is_told(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "agent", "reassigned")
    shop.package("pro", features=["chat", "sessions"], **REASSIGN)

    made = shop.plan()

    assert [change.impact.grants_ending for change in made.changes if change.reassignment] == [1]
    assert "1 of them has a grant that ends with the reassignment." in told(made)


def test_who_loses_what_a_grant_gave_until_the_reassignment_is_counted_named_and_told(shop: Shop) -> None:
    selling(shop, "acme", "bolt", "cord")
    grant(shop, "acme", "agent", "reassigned")
    grant(shop, "bolt", "agent", "reassigned")
    grant(shop, "bolt", "agent", "subscription")
    shop.platform.record_usage("acme", "agent", 1, shop.at)
    shop.package("pro", features=["chat", "sessions"], **REASSIGN)

    made = shop.plan()

    found = findings(made)[Code.GRANT_ENDED]
    assert (found.subject, found.lose, found.lose_use, found.sample) == ("features/agent", 1, 1, ("acme",))
    assert (made.summary.clients_losing, made.summary.clients_losing_in_use) == (1, 1)
    assert [each.severity for each in made.changes if each.reassignment] == [Severity.RESTRICTING]
    assert "Agent (agent): ends with the reassignment" in told(made)
    assert "1 loses what it gives with this apply, 1 of them uses more than is left now" in told(made)


@pytest.mark.parametrize(
    ("before", "after", "kept", "ending", "lose"),
    [
        (10, 8, {"set_to": 10}, {"add": 3}, 1),
        (10, 8, {"set_to": 10}, {"set_to": 10}, 0),
        (8, 10, {"set_to": 2}, {"set_to": 15}, 1),
        (8, 10, {"add": 1}, {"add": 1}, 0),
        (8, 8, {"add": 1}, {"add": 1}, 1),
        (8, 8, {"set_to": 9}, {"set_to": 9}, 0),
        (8, 8, {"set_to": "unlimited"}, {"add": 1}, 0),
        (8, "unlimited", {"add": 1}, {"set_to": "unlimited"}, 0),
        ("unlimited", 8, {"set_to": "unlimited"}, {"add": 1}, 0),
    ],
    ids=str,
)
def test_a_client_loses_where_it_has_less_in_the_end_with_all_its_grants(  # noqa: PLR0913, PLR0917 - the row
    shop: Shop, before: Any, after: Any, kept: dict[str, Any], ending: dict[str, Any], lose: int
) -> None:
    selling(shop, "acme", user_count=before)
    grant(shop, "acme", "user_count", **kept)
    grant(shop, "acme", "user_count", "reassigned", **ending)
    had = shop.client("acme").entitlements.caps["user_count"]
    shop.package("pro", features=["chat", "calls"], user_count=after, **REASSIGN)

    made = shop.plan()
    shop.apply(made)

    has = shop.client("acme").entitlements.caps["user_count"]
    assert (magnitude(has) < magnitude(had)) == bool(lose)
    assert made.summary.clients_losing == lose
    assert sum(each.lose for each in findings(made).values()) == lose
    assert shop.platform.lost_since(shop.at - timedelta(hours=23)).clients == lose
    gain = findings(made).get(Code.USER_COUNT_RAISED)
    assert (magnitude(has) > magnitude(had)) == bool(gain and gain.gain)


def test_what_ended_with_a_move_counts_for_23_hours_unless_a_rollback_brings_it_back(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "agent", "reassigned")
    shop.package("pro", features=["chat", "sessions"], **REASSIGN)
    run = shop.apply()
    since = shop.at - timedelta(hours=23)

    lost = shop.platform.lost_since(since).clients
    shop.apply(aim=RunUndone(run.id))

    assert lost == 1
    assert shop.client("acme").entitlements.features == ("agent", "chat")
    assert shop.platform.lost_since(since).clients == 2  # both lose the sessions that the run had given


@pytest.mark.parametrize(
    ("term", "granted", "raised"),
    [
        ("agent", {}, {"features": ["chat", "agent"]}),
        ("user_count", {"set_to": 8}, {"user_count": 8}),
        ("user_count", {"add": 9}, {"user_count": 8}),
    ],
    ids=str,
)
def test_a_rollback_counts_with_the_grants_that_it_brings_back(
    shop: Shop, term: str, granted: dict[str, Any], raised: dict[str, Any]
) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", term, "reassigned", **granted)
    had = shop.client("acme").entitlements
    shop.package("pro", **{"features": ["chat"], **raised}, **REASSIGN)
    run = shop.apply()
    shop.later(days=2)

    made = shop.plan(aim=RunUndone(run.id))
    shop.apply(made, aim=RunUndone(run.id))

    assert shop.client("acme").entitlements == had
    lost = [each.lose for change in made.changes if change.reassignment for each in change.impact.findings]
    assert (made.summary.clients_losing, sum(lost)) == (1, 1)
    assert shop.platform.lost_since(shop.at - timedelta(hours=23)).clients == 1


def test_who_loses_less_by_a_rollback_that_brings_a_grant_back_uses_no_more_than_is_left(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "user_count", "reassigned", set_to=7)
    shop.package("pro", features=["chat"], user_count=8, **REASSIGN)
    run = shop.apply()
    for client in ("acme", "bolt"):
        shop.platform.set_users(client, 6, shop.at)

    made = shop.plan(aim=RunUndone(run.id))

    (moves,) = (change.impact for change in made.changes if change.reassignment)
    (found,) = moves.findings
    assert (found.lose, found.lose_over, made.summary.clients_losing_in_use) == (2, 1, 1)


def test_a_bound_on_losses_counts_what_ends_with_a_move(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    shop.settled(clients_losing=0, acknowledge="never")
    grant(shop, "acme", "agent", "reassigned")
    shop.package("pro", features=["chat", "sessions"], **REASSIGN)

    made = shop.plan()

    assert [(each.id, each.result) for each in made.guards] == [("clients_losing", "blocked")]


def test_a_grant_that_ends_with_a_reviewed_move_and_was_given_since_makes_it_stale(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "agent", "reassigned")
    shop.package("pro", features=["chat", "sessions"], **REASSIGN)
    made = shop.plan()
    grant(shop, "bolt", "agent", "reassigned")

    with pytest.raises(StaleError, match="2 clients would now lose a grant of features/agent with pro"):
        shop.apply(made)


def test_whoever_waits_for_a_later_step_keeps_what_was_granted_until_then(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    for client in ("acme", "bolt"):
        grant(shop, client, "agent", "reassigned")
    shop.package(
        "pro", features=["chat"], rollout={"existing_clients": "reassign", "per_run": 1}, user_count=9
    )

    made = shop.plan()

    found = findings(made)[Code.GRANT_ENDED]
    assert (found.lose, found.keep, found.sample) == (1, 1, ("acme", "bolt"))
    assert (made.summary.clients_losing, made.summary.clients_keeping) == (1, 1)
    said = told(made)
    assert said.index("1 of them has a grant that ends") < said.index("1 client waits for a later run")


@pytest.mark.parametrize(
    ("more", "lose", "over"), [({"set_to": 9}, 1, 1), ({"set_to": 8}, 2, 2), ({"add": 3}, 2, 1)], ids=str
)
def test_a_lowered_limit_takes_from_whom_no_grant_gives_as_much(
    shop: Shop, more: dict[str, Any], lose: int, over: int
) -> None:
    selling(shop, "acme", "bolt", user_count=9)
    grant(shop, "acme", "user_count", **more)
    for client in ("acme", "bolt"):
        shop.platform.set_users(client, 9, shop.at)
    shop.package("pro", features=["chat"], user_count=6, **REASSIGN)

    made = shop.plan()

    found = findings(made)[Code.USER_COUNT_LOWERED]
    assert (found.lose, found.lose_over) == (lose, over)
    assert made.summary.clients_losing_in_use == over


def test_an_apply_keeps_to_the_bound_of_those_who_really_lose(shop: Shop) -> None:
    selling(shop, "acme", "bolt", features=["chat", "agent"])
    shop.settled(clients_losing="unlimited", acknowledge="losing")
    grant(shop, "acme", "agent")
    entry = {"removes": "agent", "clients": 1, "reason": "It ends.", "until": "2999-12-31"}
    shop.package("pro", features=["chat"], acknowledge=[entry], **REASSIGN)

    made = shop.plan()
    shop.apply()

    assert not made.blocked
    assert [each.lost for each in shop.platform.acknowledged(shop.at)] == [1]
    assert shop.platform.client("acme", shop.at).entitlements.features == ("agent", "chat")
    assert shop.platform.client("bolt", shop.at).entitlements.features == ("chat",)


def test_a_limit_must_be_stated_for_who_keeps_its_feature_by_a_grant_and_for_nobody_else(shop: Shop) -> None:
    selling(shop, "acme", "bolt", "cord", features=["chat", "sessions"], limits={"sessions": 10})
    shop.settled(clients_losing="unlimited", acknowledge="losing")
    grant(shop, "acme", "features/sessions")
    stated = {"reason": "It ends.", "until": "2999-12-31"}
    entries = [{"removes": "features/sessions", "clients": 2, **stated}]
    shop.package("pro", features=["chat"], acknowledge=entries, **REASSIGN)

    blocked = [each.about for each in shop.plan().guards if each.result == "blocked"]
    entries.append({"removes": "limits/sessions", "clients": 1, **stated})
    shop.package("pro", features=["chat"], acknowledge=entries, **REASSIGN)
    made = shop.plan()
    shop.apply(made)

    assert [(each.verb, each.term, each.clients) for each in blocked if each] == [
        ("removes", "limits/sessions", 1)
    ]
    assert not made.blocked
    lost = {(each.entry.term, each.lost) for each in shop.platform.acknowledged(shop.at)}
    assert lost == {("features/sessions", 2), ("limits/sessions", 1)}
    assert shop.client("acme").entitlements.limits == {}
    assert shop.client("acme").entitlements.features == ("chat", "sessions")


def test_whom_an_extension_leaves_the_end_is_neither_shortened_nor_ended(shop: Shop) -> None:
    selling(shop, "acme", "bolt", "cord", expiry="30 days")
    shop.platform.adjust("acme", Extending(shop.at + timedelta(days=40)), shop.at)
    shop.later(days=10)
    shop.package("pro", features=["chat"], expiry="5 days", **REASSIGN)

    made = shop.plan()
    shop.apply()

    assert (made.summary.subscriptions_ended, made.summary.clients_losing) == (2, 2)
    assert "no other subscription ends earlier" in told(made)
    assert "no client has it" not in told(made)
    assert Code.EXPIRY_SHORTENED not in {code for code, each in findings(made).items() if each.lose}
    status = {client.id: client.subscription.status for client in shop.platform.clients(shop.at)}
    assert status == {"acme": "active", "bolt": "expired", "cord": "expired"}
    assert shop.platform.lost_since(shop.at).clients == 2


@pytest.mark.parametrize(("expiry", "longer"), [("30 days", "40 days"), ("30 days", "2 months")])
def test_whom_an_extension_leaves_the_end_gains_nothing_by_a_longer_expiry(
    shop: Shop, expiry: str, longer: str
) -> None:
    selling(shop, "acme", "bolt", "cord", expiry=expiry)
    end = Expiry.parse(longer).after(shop.at)
    assert end is not None
    shop.platform.adjust("acme", Extending(end), shop.at)
    shop.platform.adjust("bolt", Extending(end - timedelta(seconds=1)), shop.at)
    shop.package("pro", features=["chat"], expiry=longer)
    edited = shop.plan()
    shop.apply(edited)
    shop.package("pro", features=["chat"], expiry=longer, **REASSIGN)

    made = shop.plan()

    assert [each.impact.stale for each in edited.changes] == [0]
    assert [each.impact.stale for each in made.changes] == [2]
    assert made.summary.clients_gaining == 2
    assert findings(made)[Code.EXPIRY_EXTENDED].gain == 2
    assert [each.clients for each in shop.platform.outdated(shop.at)] == [2]


def test_a_grant_makes_nobody_outdated(shop: Shop) -> None:
    selling(shop, "acme", "bolt")
    grant(shop, "acme", "agent")
    shop.package("pro", features=["chat"], user_count=7)

    made = shop.plan()

    assert [each.impact.stale for each in made.changes] == [0]
    assert shop.platform.outdated(shop.at) == ()
