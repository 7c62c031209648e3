"""Clients move between packages by a plan like any other: shown, guarded, saved, bound, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import BlockedError, InvalidError, StaleError
from reconciler.model.grants import Granting
from reconciler.model.plans import ClientsMoved, RunUndone
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story as story_of
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper

if TYPE_CHECKING:
    from reconciler.model.changesets import Run
    from reconciler.model.plans import Aim, Plan
    from tests.shop import Shop

KEPT = ClientsMoved("pro", "basic", keeps_term=True)
ANEW = ClientsMoved("pro", "basic", keeps_term=False)
UP = ClientsMoved("basic", "pro", keeps_term=True)


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """Clients on the better of two packages; one in two may lose something."""
    shop.guards(clients_losing="50%")
    shop.package("pro", features=["chat", "calls"])
    shop.package("basic", title="Basic", features=["chat"], expiry="30 days")
    shop.apply()
    shop.clients("acme", "bolt", package="pro", usage={"calls": 3})
    shop.clients("dent", "edda", package="basic")
    shop.later(days=1)
    return shop


def told(made: Plan) -> str:
    return " ".join(plan_text(story_of(made, Audience.TERMINAL), Paper(100)).split())


def applied(shop: Shop, aim: Aim, *allow: str, made: Plan | None = None) -> Run:
    return shop.apply(made, *allow, aim=aim, reason="Pro is no more.")


def held(shop: Shop) -> dict[str, str]:
    return {each.id: each.subscription.package for each in shop.platform.clients(shop.at)}


def test_the_plan_says_who_moves_where_what_that_takes_and_what_becomes_of_the_term(sold: Shop) -> None:
    text = told(sold.plan(aim=KEPT))

    assert "2 clients lose something now, 2 of them use it" in text
    assert "2 clients move to basic revision 1, from the same start, with this apply" in text
    assert "Calls (calls)" in text
    assert "Their term goes on: their start stays, which the new expiry counts from" in text
    assert "Their term starts anew when this is applied: a new start" in told(sold.plan(aim=ANEW))


def test_an_upgrade_needs_no_acknowledgement_and_says_what_is_gained(sold: Shop) -> None:
    made = sold.plan(aim=UP)

    run = applied(sold, UP, made=made)

    assert "2 gain" in told(made)
    assert (run.moved, held(sold)["dent"]) == (2, "pro")
    assert sold.plan(aim=UP).is_empty


def test_more_who_lose_something_than_the_bound_block_it_and_one_by_hand_does_not(sold: Shop) -> None:
    sold.settled(clients_losing=0)

    with pytest.raises(BlockedError, match="clients_losing blocks pro"):
        applied(sold, KEPT)
    one = ClientsMoved("pro", "basic", keeps_term=True, clients=("acme",))
    applied(sold, one)

    assert held(sold) == {"acme": "basic", "bolt": "pro", "dent": "basic", "edda": "basic"}


def test_a_protected_package_lets_nobody_out_who_loses_by_it(sold: Shop) -> None:
    sold.settled(clients_losing="unlimited", protected=["pro"])

    with pytest.raises(BlockedError, match="protected blocks pro"):
        applied(sold, KEPT)


def test_a_saved_plan_moves_whom_it_showed_and_a_signup_more_who_loses_makes_it_stale(sold: Shop) -> None:
    made = sold.plan(aim=KEPT)
    sold.clients("faye", package="pro")

    with pytest.raises(StaleError, match="3 clients would now lose something of pro"):
        applied(sold, KEPT, made=made)

    assert held(sold)["acme"] == "pro"


def test_a_saved_plan_is_stale_once_the_package_moved_to_is_another(sold: Shop) -> None:
    made = sold.plan(aim=UP)
    sold.package("pro", features=["chat", "calls", "sessions"], limits={"sessions": 5})
    sold.apply()

    with pytest.raises(StaleError, match="pro moved since the plan was made"):
        applied(sold, UP, made=made)


def test_a_plan_that_names_no_clients_is_not_applied_to_all_of_them(sold: Shop) -> None:
    one = ClientsMoved("pro", "basic", keeps_term=True, clients=("acme",))

    with pytest.raises(InvalidError, match="does not name the clients"):
        applied(sold, one, made=sold.plan(aim=one).without_clients())


def test_a_rollback_brings_them_back_with_their_former_term_and_can_be_rolled_back(sold: Shop) -> None:
    before = sold.client("acme").subscription
    run = applied(sold, ANEW)

    back = sold.apply(aim=RunUndone(run.id))
    after = sold.client("acme").subscription
    again = sold.apply(aim=RunUndone(back.id))

    assert (after.package, after.assigned_at, after.expires_at) == ("pro", before.assigned_at, None)
    assert (back.moved, again.moved, held(sold)["acme"]) == (2, 2, "basic")


def test_who_stays_is_told_with_the_reason(sold: Shop) -> None:
    sold.package("basic", features=["chat"], allowed_emails=["owner@acme.example"])
    sold.apply(None, "acknowledge:basic")
    some = ClientsMoved("pro", "basic", keeps_term=True, clients=("acme", "bolt", "dent"))

    text = told(sold.plan(aim=some))

    assert "1 client stays: it does not hold pro." in text
    assert "1 client stays: basic's list of allowed e-mails does not have their owner." in text


def test_a_grant_that_ends_with_the_move_is_told(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("user_count", "reassigned", add=2), sold.at)

    assert "1 of them has a grant that ends with the reassignment" in told(sold.plan(aim=KEPT))


def test_an_assignment_by_hand_takes_a_term_only_where_the_client_s_own_end_comes_earlier(sold: Shop) -> None:
    sold.package("brief", title="Brief", features=["chat"], expiry="10 days")
    sold.apply()

    def felt() -> list[str]:
        fields = sold.platform.foresee("dent", "brief", sold.at).prospect.fields
        return [each.code.value for each in fields if each.path == "/expiry"]

    early = felt()
    sold.later(days=25)

    assert (early, felt()) == (["expiry-shortened"], ["expiry-extended"])
