from __future__ import annotations

from typing import Any

import pytest
import yaml

from reconciler.engine.binding import run_of
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.errors import BlockedError, StaleError
from reconciler.model.packages import Definition
from reconciler.model.plans import Action
from tests.builders import definition
from tests.shop import CATALOG, Shop, change_of

BASIC = {"features": ["chat", "calls"], "limits": {"minutes": 50}}


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.package("pro", **BASIC)
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    return shop


EDITS: dict[str, dict[str, Any]] = {
    "narrowed": {"features": ["chat"]},
    "widened": {**BASIC, "user_count": "unlimited"},
    "reserved": {**BASIC, "allowed_emails": ["owner@acme.example"]},
    "expiring": {**BASIC, "expiry": "1 month"},
    "retitled": {**BASIC, "title": "Professional"},
    "archived": {**BASIC, "archived": True},
    "rolled out": {"features": ["chat"], "rollout": {"existing_clients": "reassign"}},
    "everything": {
        "title": "All",
        "description": "All of it.",
        "features": ["chat", "agent", "sessions"],
        "limits": {"sessions": "unlimited"},
        "user_count": 1,
        "ai_credits": 10,
        "expiry": "2 years",
        "rollout": {"existing_clients": "reassign", "exclude": ["bolt"]},
    },
}


@pytest.mark.parametrize("name", EDITS)
def test_after_an_apply_the_next_plan_is_empty(held: Shop, name: str) -> None:
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package("pro", **EDITS[name])

    assert not held.plan().is_empty
    held.apply()

    assert held.plan().is_empty


@pytest.mark.parametrize("name", EDITS)
def test_the_run_that_applied_a_plan_is_known_by_it(held: Shop, name: str) -> None:
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package("pro", **EDITS[name])
    made = held.plan()

    before, run = run_of(made, held.platform), held.apply(made)

    assert (before, run_of(made, held.platform)) == (None, run)


def test_a_rename_takes_the_holders_along(held: Shop) -> None:
    held.remove("pro")
    held.package("professional", **BASIC, title="Pro", renamed_from="pro")

    held.apply()

    assert held.client("acme").subscription.package == "professional"
    assert held.client("acme").subscription.revision == 1
    assert held.plan().is_empty


def test_a_file_under_another_name_is_asked_about_with_the_line_to_write(held: Shop) -> None:
    held.remove("pro")
    held.package("professional", **BASIC, title="Pro")

    made = held.plan()

    (asked,) = [each for each in made.notices if "renamed_from" in each]
    assert "packages/professional.yaml is new and much alike" in asked
    assert "write `renamed_from: pro` there" in asked


def test_a_new_package_that_grants_other_things_is_not_taken_for_one_that_is_gone(held: Shop) -> None:
    held.remove("pro")
    held.package("lite", user_count=1)

    assert [each for each in held.plan().notices if "renamed_from" in each] == []


def test_a_catalog_alone_is_applied(held: Shop) -> None:
    catalog = {**CATALOG, "features": {**CATALOG["features"], "video": {"title": "Video"}}}
    (held.root / "catalog.yaml").write_text(yaml.safe_dump(catalog), encoding="utf-8")

    made = held.plan()
    held.apply(made)

    assert [field.path for field in made.catalog.fields] == ["/features/video"]
    assert held.plan().is_empty


def test_clients_keep_their_snapshot_through_an_apply(held: Shop) -> None:
    before = held.client("acme").entitlements
    held.package("pro", features=["chat"])

    held.apply()

    assert held.client("acme").entitlements == before
    assert held.client("acme").subscription.current_revision == 2


def test_a_plan_is_applied_once(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.apply(made)

    with pytest.raises(StaleError, match="applied before, as run 2"):
        held.apply(made)

    assert len(held.platform.runs()) == 2


def test_an_edit_on_the_platform_makes_a_plan_stale(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.platform.edit_package("pro", definition(title="Pro", features=["calls"]), held.at)

    with pytest.raises(StaleError, match="pro moved since the plan was made"):
        held.apply(made)

    assert len(held.platform.runs()) == 1


def test_an_unrelated_edit_on_the_platform_does_not(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    held.platform.edit_package("handmade", definition(title="Hand"), held.at)

    held.apply(made)

    assert held.plan().is_empty


def test_a_plan_for_another_platform_is_refused(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    other = made.model_copy(
        update={"platform": made.platform.model_copy(update={"lineage": "another"})}
    ).sealed()

    with pytest.raises(StaleError, match="another platform") as raised:
        held.apply(other)

    assert raised.value.hint == "Plan again against this platform."


def test_a_plan_for_another_environment_is_refused(held: Shop) -> None:
    made = held.plan().model_copy(update={"environment": "staging"}).sealed()

    with pytest.raises(StaleError, match=r"for the environment 'staging', not for 'local'") as raised:
        held.apply(made)

    assert raised.value.hint == "Apply it with --environment staging."


def test_a_blocked_plan_is_not_applied_and_its_waiver_is_recorded(held: Shop) -> None:
    held.remove("pro")

    with pytest.raises(BlockedError, match="vanished blocks pro"):
        held.apply()
    run = held.apply(None, "vanished:pro", "empty_desired:*")

    assert run.allowed == ("empty_desired:*", "vanished:pro")
    assert held.plan().is_empty


def test_a_blocked_package_blocks_only_itself_when_it_is_skipped(held: Shop) -> None:
    held.package("new", features=["chat"])
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    run = held.apply(skip_blocked=True)

    assert sorted(run.after) == ["new"]
    assert {change.key for change in held.plan().changes} == {"pro"}


def test_adoption_is_blocked_where_it_changes_something(shop: Shop) -> None:
    shop.platform.edit_package("pro", definition(title="Pro", features=[]), shop.at)
    shop.package("pro", features=["chat"])
    shop.platform.edit_package("same", definition(title="Same", user_count=5), shop.at)
    shop.package("same")

    made = shop.plan()

    assert {(guard.id, guard.key) for guard in made.guards} == {("adopt", "pro")}
    shop.apply(None, "adopt:pro")
    assert shop.plan().is_empty
    assert all(head.managed for head in shop.platform.packages())


def test_no_files_never_mean_archive_everything(held: Shop) -> None:
    held.remove("pro")

    made = held.plan()

    assert made.blocked
    assert ("empty_desired", "*", "blocked") in {(guard.id, guard.key, guard.result) for guard in made.guards}


def test_a_reassignment_keeps_the_start_and_what_was_used(held: Shop) -> None:
    held.clients("acme", package="pro", usage={"minutes": 40})
    start = held.client("acme").subscription.assigned_at
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"}, expiry="1 year")

    held.apply()

    client = held.client("acme")
    assert (client.subscription.revision, client.subscription.assigned_at) == (2, start)
    assert client.subscription.expires_at == start.replace(year=start.year + 1)
    assert client.usage == {"minutes": 40}
    assert client.entitlements.features == ("chat",)


def test_a_loss_needs_its_acknowledgement_and_no_more_clients_than_it_says(held: Shop) -> None:
    entry = {"removes": "calls", "clients": 2, "reason": "Calls end.", "until": "2026-12-31"}
    narrowed = {"features": ["chat"], "rollout": {"existing_clients": "reassign"}}

    held.package("pro", **narrowed)
    assert held.plan().blocked
    held.package("pro", **narrowed, acknowledge=[{**entry, "clients": 1}])
    assert held.plan().blocked
    held.package("pro", **narrowed, acknowledge=[entry])
    made = held.plan()
    assert not made.blocked
    held.clients("cone", package="pro")
    with pytest.raises(StaleError):
        held.apply(made)


@pytest.mark.parametrize("per_run", ["25%", 1])
def test_a_rollout_in_steps_converges(held: Shop, per_run: Any) -> None:
    held.clients("cone", "dune", package="pro")
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package(
        "pro",
        features=["chat"],
        rollout={"existing_clients": "reassign", "per_run": per_run, "every": "0 days"},
    )

    moved = [held.apply().moved for _ in range(4)]

    assert moved == [1, 1, 1, 1]
    assert held.plan().is_empty


def test_excluded_and_no_longer_allowed_clients_stay(held: Shop) -> None:
    held.clients("cone", package="pro")
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package(
        "pro",
        features=["chat"],
        rollout={"existing_clients": "reassign", "exclude": ["acme"]},
        allowed_emails=["owner@acme.example", "owner@bolt.example"],
    )

    made = held.plan()
    held.apply(made)

    reassignment = next(change.reassignment for change in made.changes if change.action is Action.REASSIGN)
    assert reassignment is not None
    assert (reassignment.clients, reassignment.excluded, reassignment.not_allowed) == (1, 1, 1)
    assert [held.client(id_).subscription.revision for id_ in ("acme", "bolt", "cone")] == [1, 2, 1]


def test_a_later_rollout_announces_what_older_revisions_still_had(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.apply()
    held.settled(clients_losing="unlimited", acknowledge="never")
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    made = held.plan()

    assert [change.action for change in made.changes] == [Action.REASSIGN]
    assert [(finding.code.value, finding.lose) for finding in made.changes[0].impact.findings] == [
        ("feature-removed", 2),
        ("limit-removed", 2),
    ]


def test_an_update_with_a_rollout_says_that_clients_lose_now(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    change = change_of(held.plan(), "pro")

    assert change.reach == "on-reassign-in-this-plan"
    assert (change.impact.findings[0].keep, change.impact.findings[0].lose) == (0, 2)


def test_definitions_are_stored_as_the_files_mean_them(held: Shop) -> None:
    live = held.platform.snapshot("acme")

    assert live == Definition.normalised({"title": "Pro", "user_count": 5, **BASIC})


ACKNOWLEDGED = {"clients": 2, "reason": "Told in October.", "until": "2026-11-30"}


def test_an_acknowledgement_that_ended_since_the_review_blocks_the_plan(held: Shop) -> None:
    entries = [
        {"removes": "calls", **ACKNOWLEDGED},
        {"lowers": "user_count", **ACKNOWLEDGED, "until": "2026-12-31"},
    ]
    rollout = {"existing_clients": "reassign"}
    held.package("pro", features=["chat"], user_count=4, rollout=rollout, acknowledge=entries)
    made = held.plan()
    held.later(days=40)

    with pytest.raises(BlockedError, match="acknowledge blocks pro"):
        held.apply(made)

    assert held.client("acme").entitlements.features == ("calls", "chat")


def test_a_plan_file_cannot_claim_that_a_guard_let_it_pass(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    made = held.plan()
    claims = tuple(guard.model_copy(update={"result": "passed"}) for guard in made.guards)
    forged = made.model_copy(update={"guards": claims, "blocked": False}).sealed()

    with pytest.raises(BlockedError, match="acknowledge blocks pro"):
        held.apply(forged)


def test_who_is_blocked_by_two_guards_is_told_both_waivers(held: Shop) -> None:
    held.settled(clients_losing=0)
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    with pytest.raises(BlockedError) as raised:
        held.apply()

    assert "let them pass once with --allow acknowledge:pro --allow clients_losing:pro." in raised.value.hint
    assert held.client("acme").entitlements.features == ("calls", "chat")


def test_where_everything_is_held_back_nothing_is_applied_and_no_run_recorded(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    with pytest.raises(BlockedError, match="acknowledge blocks pro"):
        held.apply(skip_blocked=True)

    assert len(held.platform.runs()) == 1


def test_a_plan_file_cannot_show_other_differences_than_the_files_have(held: Shop) -> None:
    held.package("pro", features=["chat"])
    made = held.plan()
    (change,) = made.changes
    forged = made.model_copy(update={"changes": (change.model_copy(update={"fields": change.fields[1:]}),)})

    with pytest.raises(StaleError, match="something else to pro than the plan shows"):
        held.apply(forged.sealed())


def test_a_plan_that_shows_whole_addresses_is_applied_like_any_other(held: Shop) -> None:
    held.package("pro", **BASIC, allowed_emails=["anna@acme.example"])
    workspace = held.workspace
    request = PlanRequest(held.at, show_emails=True)
    made = plan(workspace, environment_of(workspace.settings, None), held.platform, request)

    held.apply(made)

    assert held.plan().is_empty
