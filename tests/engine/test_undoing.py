"""What hands did is taken back by a plan like any other: shown, guarded, saved, bound, applied once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import BlockedError, StaleError, WrongUsageError
from reconciler.model.clients import ClientLine
from reconciler.model.events import Author
from reconciler.model.grants import Extending, Granting, LimitSet, Revoking
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story as story_of
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper
from tests.builders import definition

if TYPE_CHECKING:
    from tests.shop import Shop

ADA = Author("ada", reason="They asked for it.")
SESSIONS = LimitSet("sessions", 5)


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """Clients on the better of two packages; at most one in twenty may lose something."""
    shop.guards(clients_losing="5%")
    shop.package("pro", features=["chat", "calls"])
    shop.package("basic", title="Basic", features=["chat"], expiry="30 days")
    shop.apply()
    shop.clients("acme", "bolt", package="pro", usage={"calls": 3})
    shop.clients("dent", "edda", package="basic")
    shop.later(days=1)
    return shop


def newest(shop: Shop) -> EventUndone:
    found = [each for each in shop.platform.events() if each.part_of is None and each.kind != "run"]
    return EventUndone(found[-1].id)


def assigned(shop: Shop, client: str, package: str) -> EventUndone:
    shop.later(seconds=1)
    shop.platform.assign(client, package, shop.at, by=ADA)
    return newest(shop)


def imported(shop: Shop, package: str, *ids: str) -> EventUndone:
    shop.later(seconds=1)
    lines = [ClientLine(each, number, package=package) for number, each in enumerate(ids, 1)]
    shop.platform.import_clients(lines, shop.at, assign="unlimited", by=ADA)
    return newest(shop)


def edited(shop: Shop, key: str, *features: str) -> EventUndone:
    shop.later(seconds=1)
    contents = definition(title=key.title(), user_count=5, features=list(features))
    shop.platform.edit_package(key, contents, shop.at, by=ADA)
    return newest(shop)


def told(shop: Shop, aim: EventUndone | RunUndone) -> str:
    return " ".join(plan_text(story_of(shop.plan(aim=aim), Audience.TERMINAL), Paper(100)).split())


def test_the_plan_says_who_goes_back_to_what_and_what_that_gives_and_takes(sold: Shop) -> None:
    aim = assigned(sold, "acme", "basic")

    text = told(sold, aim)

    assert "1 gains" in text
    assert "1 client goes back to pro revision 1, from the former start, with this apply" in text
    assert "Calls (calls)" in text
    assert "30 days → never" in text
    assert "Takes back the assignment of 2026-11-02 12:00 UTC by ada." in text


def test_the_client_holds_again_what_it_held_and_the_run_says_so(sold: Shop) -> None:
    before = sold.client("acme").subscription
    run = sold.apply(aim=assigned(sold, "acme", "basic"))

    after = sold.client("acme").subscription
    assert (after.package, after.revision, after.assigned_at) == ("pro", 1, before.assigned_at)
    assert run.moved == 1
    assert sold.plan().is_empty


def test_a_plan_that_was_saved_is_applied_once_and_only_as_reviewed(sold: Shop) -> None:
    aim = assigned(sold, "acme", "basic")
    made = sold.plan(aim=aim)
    sold.apply(made, aim=aim)

    with pytest.raises(StaleError, match="applied before"):
        sold.apply(made, aim=aim)


def test_what_was_changed_since_the_review_stays_and_is_told(sold: Shop) -> None:
    aim = imported(sold, "pro", "dent", "edda")
    made = sold.plan("clients_losing:pro", aim=aim)
    assigned(sold, "edda", "pro")

    sold.apply(made, "clients_losing:pro", aim=aim)

    held = {each: sold.client(each).subscription.package for each in ("dent", "edda")}
    assert held == {"dent": "basic", "edda": "pro"}
    assert "2 clients stay: what they hold was changed since" in told(sold, aim)


def test_a_client_that_would_lose_more_than_was_reviewed_makes_it_stale(sold: Shop) -> None:
    aim = imported(sold, "pro", "dent", "edda")
    made = sold.plan("clients_losing:pro", aim=aim)
    few = made.model_copy(
        update={
            "changes": tuple(
                each.model_copy(update={"impact": each.impact.model_copy(update={"clients_losing": 1})})
                for each in made.changes
            )
        }
    ).sealed()

    with pytest.raises(StaleError, match="lose something of pro"):
        sold.apply(few, "clients_losing:pro", aim=aim)


def test_one_client_alone_is_not_judged_and_several_are(sold: Shop) -> None:
    alone = assigned(sold, "dent", "pro")
    assert not sold.plan(aim=alone).blocked
    sold.apply(aim=alone)

    several = imported(sold, "pro", "dent", "edda")
    made = sold.plan(aim=several)

    assert [each.id for each in made.guards if each.result == "blocked"] == ["clients_losing"]
    with pytest.raises(BlockedError):
        sold.apply(made, aim=several)


def test_nobody_is_asked_for_an_acknowledgement_of_what_no_file_says(sold: Shop) -> None:
    assigned(sold, "acme", "basic")
    aim = assigned(sold, "acme", "pro")

    made = sold.plan(aim=aim)

    assert made.summary.clients_losing == 1
    assert [each.id for each in made.guards] == []


def test_a_rollback_of_the_rollback_gives_back_what_the_hand_gave(sold: Shop) -> None:
    aim = assigned(sold, "acme", "basic")
    given = sold.client("acme").subscription
    run = sold.apply(aim=aim)

    sold.apply(None, "clients_losing:pro", aim=RunUndone(run.id))

    back = sold.client("acme").subscription
    assert (back.package, back.assigned_at) == ("basic", given.assigned_at)


def test_an_edit_by_hand_is_taken_back_as_a_new_revision(sold: Shop) -> None:
    aim = edited(sold, "pro", "chat")

    sold.apply(aim=aim)

    head = next(each for each in sold.platform.packages() if each.key == "pro")
    assert (head.revision, head.managed) == (3, True)
    assert sold.plan().is_empty


def test_a_package_made_by_hand_stays_one_when_its_edit_is_taken_back(sold: Shop) -> None:
    edited(sold, "deal", "chat")
    aim = edited(sold, "deal", "calls", "chat")

    sold.apply(aim=aim)

    head = next(each for each in sold.platform.packages() if each.key == "deal")
    assert (head.revision, head.managed, head.archived) == (3, False, False)


def test_a_package_that_a_hand_made_is_archived_and_stays_unmanaged(sold: Shop) -> None:
    aim = edited(sold, "deal", "chat")

    sold.apply(aim=aim)

    head = next(each for each in sold.platform.packages() if each.key == "deal")
    assert (head.managed, head.archived) == (False, True)


def test_what_is_not_there_is_said_with_where_to_look(sold: Shop) -> None:
    with pytest.raises(WrongUsageError, match="there is no event abc"):
        sold.plan(aim=EventUndone("abc"))


def test_a_grant_taken_back_is_told_by_what_the_client_may_use_then(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("user_count", "subscription", add=2), sold.at, by=ADA)

    text = told(sold, newest(sold))
    run = sold.apply(aim=newest(sold))

    assert "1 client keeps pro revision 1, and what it has beside that changes with this apply." in text
    assert "7 → 5" in text
    assert "Takes back the grant of 2026-11-02 12:00 UTC by ada." in text
    assert "Grants are left as they are" not in text
    assert (run.moved, sold.client("acme").grants) == (0, ())


def test_a_revocation_taken_back_is_a_gain_and_its_run_can_be_rolled_back(sold: Shop) -> None:
    sold.platform.adjust("acme", Granting("features/sessions", "subscription", limits=(SESSIONS,)), sold.at)
    grant = next(each for each in sold.client("acme").grants if each.term == "features/sessions")
    sold.later(seconds=1)
    sold.platform.adjust("acme", Revoking(grant.id), sold.at, by=ADA)

    text = told(sold, newest(sold))
    run = sold.apply(aim=newest(sold))
    again = sold.client("acme").grants
    sold.apply(None, "clients_losing:pro", aim=RunUndone(run.id))

    assert "1 gains" in text
    assert grant in again
    assert grant not in sold.client("acme").grants


def test_an_extension_taken_back_is_told_with_both_ends(sold: Shop) -> None:
    sold.platform.adjust("dent", Extending(sold.at + timedelta(days=60)), sold.at, by=ADA)

    text = told(sold, newest(sold))
    sold.apply(aim=newest(sold))

    assert "2027-01-01 12:00 UTC → 2026-12-01 12:00 UTC" in text
    assert sold.client("dent").subscription.extended_to is None


def test_what_cannot_hold_any_more_is_refused_with_the_reason(sold: Shop) -> None:
    sold.platform.adjust("dent", Extending(sold.at + timedelta(days=60)), sold.at, by=ADA)
    aim = newest(sold)
    made = sold.plan(aim=aim)
    assigned(sold, "dent", "basic")

    with pytest.raises(BlockedError, match="the subscription was extended again, or another one began since"):
        sold.apply(made, aim=aim)
