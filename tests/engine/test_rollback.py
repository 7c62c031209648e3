from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.engine.aims import ClientsReassigned, RunUndone
from reconciler.errors import WrongUsageError
from reconciler.model.plans import Action
from reconciler.model.terms import Severity
from tests.builders import definition

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
    held.package("pro", features=["chat", "sessions"], rollout={"existing_clients": "reassign", "per_run": 1})
    held.apply()
    run = held.apply()
    held.guards()

    made = held.plan(aim=RunUndone(run.id))

    (change,) = made.changes
    assert [(each.subject, each.keep, each.lose) for each in change.impact.findings] == [("sessions", 0, 1)]
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
