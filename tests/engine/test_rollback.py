from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.model.clients import ClientLine
from reconciler.model.plans import Action, ClientsReassigned, RunUndone
from reconciler.model.terms import Code, Severity
from reconciler.render.checks.remarks import of_story
from reconciler.render.html.plan import plan_html
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.story.blockers import Audience
from reconciler.render.story.story import story as story_of
from reconciler.render.text.plan import plan_text
from reconciler.render.text.style import Paper
from tests.builders import NOON, definition
from tests.shop import CATALOG

if TYPE_CHECKING:
    from tests.shop import Shop

BASIC = {"features": ["chat", "calls"]}


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.guards(clients_losing="unlimited", acknowledge="never", archives="unlimited")
    shop.package("pro", **BASIC)
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    return shop


def test_a_rollback_restores_the_package_and_the_snapshots_that_the_run_moved(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    held.clients("cone", package="pro")

    held.apply(aim=RunUndone(run.id))

    assert held.client("acme").entitlements.features == ("calls", "chat")
    assert held.client("acme").subscription.revision == 1
    assert held.client("cone").entitlements.features == ("chat",)
    head = held.platform.packages()[0]
    assert held.workspace.packages["pro"].definition.digest != head.digest
    held.package("pro", **BASIC)
    assert held.plan().is_empty


def test_a_rollback_says_what_clients_gain_by_it_in_every_medium(held: Shop) -> None:
    held.package("pro", features=["chat"], user_count=3, rollout={"existing_clients": "reassign"})
    run = held.apply()

    made = held.plan(aim=RunUndone(run.id))

    story = story_of(made, Audience.REVIEW)
    gained = {each.code: (each.left, each.gain) for each in made.changes[1].impact.findings if each.gain}
    assert gained == {Code.FEATURE_ADDED: (True, 2), Code.USER_COUNT_RAISED: (5, 2)}
    remarks = "".join(each.message for each in of_story(story))
    for told in (plan_text(story, Paper(None)), plan_markdown(story), plan_html(story), remarks):
        assert told.count("gain it with this apply") == 2


def test_a_step_says_what_clients_gain_whose_package_changed_before(held: Shop) -> None:
    held.package("pro", features=["chat", "calls", "agent", "sessions"])
    held.apply()
    held.package(
        "pro", features=["chat", "calls", "agent", "sessions"], rollout={"existing_clients": "reassign"}
    )

    (change,) = held.plan().changes

    assert {each.subject: each.gain for each in change.impact.findings} == {"agent": 2, "sessions": 2}


def test_a_rollback_tells_of_no_edit_by_hand(held: Shop) -> None:
    held.package("pro", features=["chat"])
    run = held.apply()
    held.platform.edit_package("pro", definition(title="Pro", features=["agent"]), held.at)

    made = held.plan(aim=RunUndone(run.id))

    assert [change.origin for change in made.changes] == ["files"]
    assert held.plan().changes[0].origin == "platform"


def test_a_rollback_of_a_create_archives_and_of_an_archive_restores(held: Shop) -> None:
    held.package("new", features=["chat"])
    held.package("pro", **BASIC, archived=True)
    run = held.apply()

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert {(change.action, change.key) for change in made.changes} == {
        (Action.ARCHIVE, "new"),
        (Action.RESTORE, "pro"),
    }
    assert {head.key: head.archived for head in held.platform.packages()} == {"new": True, "pro": False}


def test_a_rollback_of_a_rename_gives_the_old_key_back(held: Shop) -> None:
    held.remove("pro")
    held.package("professional", **BASIC, title="Pro", renamed_from="pro")
    run = held.apply()

    held.apply(aim=RunUndone(run.id))

    assert held.client("acme").subscription.package == "pro"


def test_a_rollback_says_what_cannot_be_undone(held: Shop) -> None:
    held.package("pro", features=["chat"])
    run = held.apply()
    held.package("pro", features=[])
    held.apply()

    notices = " ".join(held.plan(aim=RunUndone(run.id)).notices)

    assert "spent" in notices
    assert f"changed again after run {run.id}" in notices


def test_a_rollback_can_be_rolled_back(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    undone = held.apply(aim=RunUndone(run.id))

    held.apply(aim=RunUndone(undone.id))

    left = held.plan()
    assert held.client("acme").entitlements.features == ("chat",)
    assert [(change.action, change.severity) for change in left.changes] == [
        (Action.REASSIGN, Severity.NEUTRAL)
    ]


def test_a_run_that_does_not_exist_cannot_be_rolled_back(held: Shop) -> None:
    with pytest.raises(WrongUsageError, match="no run 99"):
        held.plan(aim=RunUndone(99))


def test_one_client_is_reassigned_by_hand(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.apply()

    held.apply(aim=ClientsReassigned("pro", ("acme",)))

    assert held.client("acme").subscription.revision == 2
    assert held.client("bolt").subscription.revision == 1


def test_everybody_is_reassigned_by_hand_through_the_same_guards(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.apply()
    held.guards()

    made = held.plan(aim=ClientsReassigned("pro"))

    assert [(guard.id, guard.result) for guard in made.guards] == [
        ("acknowledge", "blocked"),
        ("clients_losing", "blocked"),
    ]
    held.apply(None, "acknowledge:pro", "clients_losing:pro", aim=ClientsReassigned("pro"))
    assert held.platform.outdated(held.at) == ()


def test_a_key_that_was_taken_since_is_not_taken_back(held: Shop) -> None:
    held.remove("pro")
    held.package("professional", **BASIC, title="Professional", renamed_from="pro")
    run = held.apply()
    held.platform.edit_package("pro", definition(title="Made by hand"), held.at)

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert "professional: another package is called pro now, so that the key stays." in made.notices
    assert held.client("acme").subscription.package == "professional"


def test_the_rollback_of_a_step_speaks_only_of_those_whom_it_moved(held: Shop) -> None:
    held.package(
        "pro",
        features=["chat", "sessions"],
        rollout={"existing_clients": "reassign", "per_run": 1, "every": "0 days"},
    )
    held.apply()
    run = held.apply()
    held.guards()

    made = held.plan(aim=RunUndone(run.id))

    (change,) = made.changes
    found = {(each.subject, each.keep, each.lose, each.gain) for each in change.impact.findings}
    assert found == {("sessions", 0, 1, 0), ("calls", 0, 0, 1)}
    assert change.impact.affected == 1
    assert {guard.id for guard in made.guards} == {"acknowledge", "clients_losing"}


def test_clients_who_came_from_several_revisions_return_each_to_its_own_and_back(held: Shop) -> None:
    held.package("pro", features=["chat", "sessions"])
    held.apply()
    held.clients("cone", package="pro")
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    moved = held.apply()

    undone = held.apply(aim=RunUndone(moved.id))
    returned = {id_: held.client(id_).entitlements.features for id_ in ("acme", "cone")}
    held.apply(aim=RunUndone(undone.id))

    assert returned == {"acme": ("calls", "chat"), "cone": ("chat", "sessions")}
    assert {held.client(id_).entitlements.features for id_ in ("acme", "bolt", "cone")} == {("chat",)}


def test_a_rollback_brings_back_the_subscriptions_that_the_run_ended(held: Shop) -> None:
    held.package("pro", **BASIC, expiry="60 days")
    held.apply()
    held.clients("cone", "dune", package="pro")
    started = held.client("cone").subscription.assigned_at
    held.later(days=20)
    held.package("pro", features=["chat"], expiry="10 days", rollout={"existing_clients": "reassign"})
    run = held.apply()
    ended = [held.client(id_).subscription.status for id_ in ("acme", "cone")]

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert ended == ["expired", "expired"]
    assert [
        (each.reassignment.to_revision, each.reassignment.clients, each.reassignment.resumed)
        for each in made.changes
        if each.reassignment
    ] == [(1, 2, 2), (2, 2, 2)]
    assert (made.summary.clients_gaining, made.summary.clients_losing) == (4, 0)
    assert not any("stay where they are" in notice for notice in made.notices)
    subscription = held.client("cone").subscription
    assert (subscription.status, subscription.assigned_at) == ("active", started)
    assert subscription.expires_at == started + timedelta(days=60)
    assert held.client("acme").subscription.expires_at is None
    assert held.client("acme").entitlements.features == ("calls", "chat")


def test_a_rollback_counts_as_going_on_only_what_is_not_over_before_the_run_either(held: Shop) -> None:
    held.package("pro", **BASIC, expiry="30 days")
    held.apply()
    held.clients("cone", package="pro")
    held.later(days=20)
    held.clients("dune", package="pro")
    held.package(
        "pro",
        **BASIC,
        expiry="10 days",
        rollout={"existing_clients": "reassign", "exclude": ["acme", "bolt"]},
    )
    run = held.apply()
    held.later(days=15)

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    (moved,) = (each.reassignment for each in made.changes if each.reassignment)
    assert (moved.clients, moved.resumed, made.summary.clients_gaining) == (2, 1, 1)
    assert [held.client(id_).subscription.status for id_ in ("cone", "dune")] == ["expired", "active"]


def test_who_was_assigned_anew_with_an_earlier_start_is_not_taken_back(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    held.clients("acme", package="pro", assigned_at=NOON - timedelta(days=3))

    held.apply(aim=RunUndone(run.id))

    assert held.client("acme").entitlements.features == ("chat",)
    assert held.client("bolt").entitlements.features == ("calls", "chat")


def test_a_suspended_client_stays_and_is_counted(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    held.clients("bolt", package="pro", status="disabled")

    made = held.plan(aim=RunUndone(run.id))

    assert any(notice.startswith("pro: 1 of 2 clients whom the run moved stay") for notice in made.notices)


def test_a_suspended_client_comes_back_by_the_same_rollback_once_it_is_active(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    held.platform.import_clients([ClientLine("bolt", 1, status="disabled")], held.at)
    held.apply(aim=RunUndone(run.id))
    held.platform.import_clients([ClientLine("bolt", 1, status="active")], held.at)

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert [(change.action, change.impact.clients_gaining) for change in made.changes] == [
        (Action.REASSIGN, 1)
    ]
    assert held.client("bolt").entitlements.features == ("calls", "chat")


def catalogued(held: Shop, **changed: object) -> None:
    features = {**CATALOG["features"], **changed}
    known = {key: feature for key, feature in features.items() if feature is not None}
    limits = {key: limit for key, limit in CATALOG["limits"].items() if limit["feature"] in known}
    document = {"features": known, "limits": limits}
    (held.root / "catalog.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def offered(held: Shop) -> dict[str, str]:
    catalog = held.platform.catalog()
    return {key: feature.title for key, feature in catalog.features.items()} if catalog else {}


def test_a_rollback_takes_back_the_terms_of_the_catalog_that_the_run_changed(held: Shop) -> None:
    before = offered(held)
    catalogued(held, chat={"title": "Talk"}, calls=None, news={"title": "News"})
    held.package("pro", features=["chat", "news"])
    run = held.apply()
    catalogued(held, chat={"title": "Talk"}, calls=None, news={"title": "News"}, later={"title": "Later"})
    held.apply()

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert [(field.path, field.before, field.after) for field in made.catalog.fields] == [
        ("/features/calls", None, {"title": "Calls"}),
        ("/features/chat", {"title": "Talk"}, {"title": "Chat"}),
        ("/features/news", {"title": "News"}, None),
        ("/limits/minutes", None, CATALOG["limits"]["minutes"]),
    ]
    assert offered(held) == {**before, "later": "Later"}


def test_a_rollback_of_what_a_package_needs_meanwhile_is_blocked_with_the_reason(held: Shop) -> None:
    catalogued(held, news={"title": "News"})
    run = held.apply()
    held.package("max", features=["news"])
    held.apply()

    with pytest.raises(BlockedError, match="max needs the feature `news`, which the catalog would not have"):
        held.plan(aim=RunUndone(run.id))


@pytest.mark.parametrize(
    ("before", "since", "missing"),
    [
        ({"features": ["calls"]}, {"calls": None}, "the feature `calls`"),
        ({"features": ["agent"], "ai_credits": 5}, {"agent": {"title": "Agent"}}, "an AI feature"),
    ],
)
def test_a_rollback_to_what_the_catalog_no_longer_has_is_blocked_with_the_reason(
    held: Shop, before: dict[str, object], since: dict[str, object], missing: str
) -> None:
    held.package("pro", **before)
    held.apply()
    held.package("pro", features=["chat"])
    run = held.apply()
    catalogued(held, **since)
    held.apply()

    with pytest.raises(BlockedError, match=f"Run {run.id} cannot be rolled back: pro needs {missing}"):
        held.plan(aim=RunUndone(run.id))


def test_a_rollback_says_which_term_of_the_catalog_was_changed_again(held: Shop) -> None:
    catalogued(held, chat={"title": "Talk"})
    run = held.apply()
    catalogued(held, chat={"title": "Chatter"})
    held.apply()

    made = held.plan(aim=RunUndone(run.id))
    held.apply(made, aim=RunUndone(run.id))

    assert any(notice.startswith("The catalog's features/chat: changed again") for notice in made.notices)
    assert offered(held)["chat"] == "Chat"


def test_a_rollback_says_how_many_stay(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()
    held.later(seconds=1)
    held.platform.assign("acme", "pro", held.at)

    made = held.plan(aim=RunUndone(run.id))

    assert [change.reassignment.clients for change in made.changes if change.reassignment] == [1]
    assert any(notice.startswith("pro: 1 of 2 clients whom the run moved stay") for notice in made.notices)


def test_a_run_that_restored_a_package_and_moved_its_holders_can_be_rolled_back(held: Shop) -> None:
    held.package("pro", **BASIC, archived=True)
    held.apply()
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = held.apply()

    held.apply(aim=RunUndone(run.id))

    assert held.platform.packages()[0].archived
    assert held.client("acme").entitlements.features == ("calls", "chat")
