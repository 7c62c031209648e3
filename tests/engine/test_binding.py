"""What binds an apply to its reviewed plan: what must be equal, what is bounded, what is never compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.errors import BlockedError, InvalidError, StaleError
from reconciler.model.plans import ClientsReassigned, RunUndone
from reconciler.model.terms import Severity
from tests.builders import definition
from tests.shop import CATALOG

if TYPE_CHECKING:
    from reconciler.model.plans import Plan
    from tests.shop import Shop

BASIC: dict[str, Any] = {"features": ["chat", "calls"], "limits": {"minutes": 50}}
MOVING: dict[str, Any] = {"features": ["chat"], "rollout": {"existing_clients": "reassign"}}


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.package("pro", **BASIC)
    shop.package("solo", features=["chat"])
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    return shop


def entry(clients: int, **stated: Any) -> dict[str, Any]:
    return {"removes": "calls", "clients": clients, "reason": "Told.", "until": "2026-12-31", **stated}


def catalog(shop: Shop, **features: Any) -> None:
    document = {**CATALOG, "features": {**CATALOG["features"], **features}}
    (shop.root / "catalog.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def forged(made: Plan, **fields: Any) -> Plan:
    return made.model_copy(update=fields).sealed()


def test_one_more_client_who_keeps_what_goes_is_not_stale(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.clients("cone", package="pro")

    held.apply(made)

    assert held.plan().is_empty


def test_the_first_holder_of_a_package_is_not_stale(held: Shop) -> None:
    held.package("solo", features=[])
    made = held.plan()
    held.clients("cone", package="solo")

    held.apply(made)

    assert held.plan().is_empty


def test_a_plan_that_shows_what_was_applied_by_itself_since_is_not_what_would_be_done(held: Shop) -> None:
    held.package("pro", features=["chat"])
    first = held.plan()
    held.package("solo", features=[])
    both = held.plan()
    held.apply(first)

    with pytest.raises(StaleError, match="pro was changed since the plan was made, and is as"):
        held.apply(both)


def test_a_plan_of_what_was_reverted_since_says_that_the_files_do_not_ask_for_it(held: Shop) -> None:
    before = held.root / "packages/pro.yaml"
    text = before.read_text()
    held.package("pro", features=["chat"])
    made = held.plan()
    before.write_text(text)

    with pytest.raises(StaleError, match="the files ask nothing of pro any more"):
        held.apply(made)


def test_one_more_client_within_the_acknowledgement_is_not_stale(held: Shop) -> None:
    held.package("pro", **MOVING, acknowledge=[entry(3)])
    made = held.plan()
    held.clients("cone", package="pro")

    assert held.apply(made).moved == 3
    assert held.plan().is_empty


@pytest.mark.parametrize(("reviewed", "today"), [(2, 2), (2, 9), (9, 2)])
def test_the_lower_of_the_acknowledgement_as_reviewed_and_as_at_hand_bounds(
    held: Shop, reviewed: int, today: int
) -> None:
    held.package("pro", **MOVING, acknowledge=[entry(reviewed)])
    made = held.plan()
    held.package("pro", **MOVING, acknowledge=[entry(today)])
    held.clients("cone", package="pro")

    with pytest.raises(StaleError, match=r"3 clients .* by feature-removed calls of pro, at most 2"):
        held.apply(made)


def test_what_was_lost_under_the_acknowledgement_before_counts(held: Shop) -> None:
    held.clients("cone", package="pro")
    rollout = {"existing_clients": "reassign", "per_run": 1, "every": "0 days"}
    held.package("pro", features=["chat"], rollout=rollout, acknowledge=[entry(2)])
    held.apply()
    made = held.plan()
    rollout["per_run"] = 2
    held.package("pro", features=["chat"], rollout=rollout, acknowledge=[entry(2)])

    with pytest.raises(StaleError, match=r"2 clients .* by feature-removed calls of pro, at most 1"):
        held.apply(made)


def test_a_loss_that_was_waived_is_bounded_by_the_plan_and_so_are_all_who_lose(held: Shop) -> None:
    held.package("pro", **MOVING)
    made = held.plan("acknowledge:pro")
    held.clients("cone", package="pro")

    with pytest.raises(StaleError, match="3 clients would now lose something of pro, at most 2 may"):
        held.apply(made, "acknowledge:pro")


def test_fewer_clients_than_reviewed_are_fine(held: Shop) -> None:
    held.package("pro", **MOVING)
    made = held.plan("acknowledge:pro")
    held.clients("bolt", package="solo")

    assert held.apply(made, "acknowledge:pro").moved == 1


def test_a_move_that_nobody_is_left_for_is_fine(held: Shop) -> None:
    held.package("pro", **MOVING)
    made = held.plan("acknowledge:pro")
    held.clients("acme", "bolt", package="solo")

    assert held.apply(made).moved == 0
    assert held.plan().is_empty


def test_under_touching_keepers_are_bounded_by_their_entry(held: Shop) -> None:
    held.settled(clients_losing="unlimited", acknowledge="touching")
    limit = entry(9, removes="minutes")
    held.package("pro", features=["chat"], acknowledge=[entry(3), limit])
    made = held.plan()
    held.clients("cone", package="pro")
    again = held.plan()
    held.clients("dune", package="pro")

    with pytest.raises(StaleError, match=r"4 clients .* by feature-removed calls of pro, at most 3"):
        held.apply(made)
    held.clients("dune", package="solo")
    held.apply(again)

    assert held.plan().is_empty


def test_where_nothing_must_be_stated_an_entry_still_bounds(held: Shop) -> None:
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package("pro", **MOVING, acknowledge=[entry(3)])
    made = held.plan()
    held.clients("cone", package="pro")

    assert held.apply(made).moved == 3


def test_another_packages_file_and_a_comment_of_the_configuration_are_not_stale(held: Shop) -> None:
    held.package("pro", **BASIC, description="For teams.")
    made = held.plan()
    held.package("solo", features=["chat"], description="For one.")
    with (held.root / "reconciler.yaml").open("a") as config:
        config.write("# a comment\n")

    run = held.apply(made)

    assert [change["key"] for change in run.changes] == ["pro"]
    assert {change.key for change in held.plan().changes} == {"solo"}


def test_two_plans_of_one_catalog_are_applied_one_after_the_other(held: Shop) -> None:
    catalog(held, video={"title": "Video"})
    first = held.plan()
    catalog(held, voice={"title": "Voice"})
    second = held.plan()
    catalog(held, video={"title": "Video"}, voice={"title": "Voice"})

    held.apply(first)
    held.apply(second)

    assert held.plan().is_empty


def test_what_else_the_files_ask_for_is_left_and_said(held: Shop) -> None:
    held.package("pro", **BASIC, description="For teams.")
    made = held.plan()
    held.package("solo", features=[])
    catalog(held, video={"title": "Video"})
    held.guards(archives=5)

    run = held.apply(made)

    assert (len(run.changes), run.catalog) == (1, ())
    left = held.plan()
    assert {each.key for each in left.changes} == {"solo"}
    assert [each.path for each in left.catalog.fields] == ["/features/video"]
    assert [each.guard for each in left.loosened] == ["archives"]


def test_a_file_that_does_something_else_now_is_stale(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.package("pro", features=[])

    with pytest.raises(StaleError, match="something else to pro than the plan shows: features/chat"):
        held.apply(made)


def test_addresses_that_the_plan_masks_are_bound_by_their_file(held: Shop) -> None:
    held.package("pro", **BASIC, allowed_emails=["anna@acme.example"])
    made = held.plan()
    held.package("pro", **BASIC, allowed_emails=["anja@acme.example"])

    with pytest.raises(StaleError, match="addresses"):
        held.apply(made)


def test_a_stale_plan_is_stale_even_where_a_guard_blocks_too(held: Shop) -> None:
    held.package("pro", **MOVING)
    made = held.plan("acknowledge:pro")
    held.clients("cone", package="pro")

    with pytest.raises(StaleError):
        held.apply(made)


def test_a_waiver_that_the_plan_was_made_with_does_not_count_when_it_is_applied(held: Shop) -> None:
    held.package("pro", **MOVING)
    made = held.plan("acknowledge:pro")

    with pytest.raises(BlockedError, match="acknowledge blocks pro"):
        held.apply(made)
    assert held.apply(made, "acknowledge:pro").allowed == ("acknowledge:pro",)


def test_a_change_that_is_dropped_from_a_plan_file_makes_it_invalid(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.package("solo", features=[])
    made = held.plan()

    with pytest.raises(InvalidError, match="leaves out what was due when it was made: solo"):
        held.apply(forged(made, changes=tuple(each for each in made.changes if each.key != "solo")))

    assert len(held.platform.runs()) == 1


def test_an_archive_that_is_dropped_from_a_plan_file_makes_it_invalid(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.remove("solo")
    made = held.plan()

    with pytest.raises(InvalidError, match="solo"):
        held.apply(forged(made, changes=tuple(each for each in made.changes if each.key != "solo")))


def test_a_term_that_is_dropped_from_a_plan_file_makes_it_invalid(held: Shop) -> None:
    catalog(held, video={"title": "Video"})
    made = held.plan()

    with pytest.raises(InvalidError, match="the catalog's features/video"):
        held.apply(forged(made, catalog=made.catalog.model_copy(update={"fields": ()})))


def test_a_package_whose_file_goes_after_the_review_is_left(held: Shop) -> None:
    held.package("pro", **BASIC, description="For teams.")
    made = held.plan()
    held.remove("solo")

    held.apply(made)

    assert {change.key for change in held.plan().changes} == {"solo"}


def test_nothing_that_a_plan_file_says_beside_its_changes_is_recorded(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    (change,) = made.changes
    impact = change.impact.model_copy(update={"holders": 0, "affected": 0, "findings": ()})
    lies = {
        "changes": (
            change.model_copy(update={"severity": Severity.EXPANDING, "title": "Free", "impact": impact}),
        ),
        "notices": ("All is well.",),
        "config": made.config.model_copy(update={"commit": "a" * 40}),
        "summary": made.summary.model_copy(update={"clients_keeping": 0}),
    }

    run = held.apply(forged(made, **lies))

    assert run.commit is None
    (told,) = run.changes
    assert (told["severity"], told["title"], told["impact"]["holders"]) == ("breaking", "Pro", 2)


def test_a_rollback_is_planned_again_from_its_run(held: Shop) -> None:
    held.package("pro", features=["chat"])
    run = held.apply()
    made = held.plan(aim=RunUndone(run.id))
    held.clients("cone", package="pro")

    held.apply(made)

    assert held.client("acme").subscription.current_revision == 3
    assert held.platform.package("pro") is not None


def test_a_move_is_planned_again_for_the_clients_that_it_names(held: Shop) -> None:
    held.package("pro", **BASIC, user_count=9)
    held.apply()
    made = held.plan(aim=ClientsReassigned("pro", ("acme",)))
    held.clients("cone", package="pro")

    held.apply(made)

    assert [held.client(id_).subscription.revision for id_ in ("acme", "bolt")] == [2, 1]


def test_a_move_whose_plan_names_no_clients_cannot_be_applied(held: Shop) -> None:
    held.package("pro", **BASIC, user_count=9)
    held.apply()
    made = held.plan(aim=ClientsReassigned("pro", ("acme",)))

    with pytest.raises(InvalidError, match="does not name the clients") as raised:
        held.apply(made.without_clients())

    assert raised.value.hint == "Make it again without --no-clients."


def test_the_package_moved_on_the_platform_is_stale(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.platform.edit_package("pro", definition(title="Pro", features=["calls"]), held.at)

    with pytest.raises(StaleError, match=r"Not as reviewed: pro moved since the plan was made"):
        held.apply(made)


def test_a_rename_that_is_held_back_keeps_back_what_would_take_its_key(held: Shop) -> None:
    held.settled(clients_losing="unlimited", protected=["pro"])
    held.remove("pro")
    held.package("max", features=["chat"], title="Max", renamed_from="pro")
    held.package("new", features=["chat"])

    run = held.apply(skip_blocked=True)

    assert [change["key"] for change in run.changes] == ["new"]


def test_a_term_that_a_package_which_is_held_back_still_needs_stays(held: Shop) -> None:
    held.settled(clients_losing="unlimited", protected=["pro"])
    document = {
        "features": {key: each for key, each in CATALOG["features"].items() if key != "calls"},
        "limits": {"sessions": CATALOG["limits"]["sessions"]},
    }
    held.package("pro", features=["chat"])
    held.package("new", features=["chat"])
    (held.root / "catalog.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    run = held.apply(skip_blocked=True)

    assert [change["key"] for change in run.changes] == ["new"]
    live = held.platform.catalog()
    assert live is not None
    assert "calls" in live.features
    assert "minutes" in live.limits
