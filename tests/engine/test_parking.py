"""What a rollback parks: whatever applies from files leaves it alone until its file changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.model.plans import Action, RunUndone
from tests.shop import CATALOG

if TYPE_CHECKING:
    from reconciler.model.changesets import Run
    from tests.shop import Shop

BASIC = {"features": ["chat", "calls"]}


@pytest.fixture
def held(shop: Shop) -> Shop:
    shop.guards(clients_losing="unlimited", acknowledge="never", archives="unlimited")
    shop.package("pro", **BASIC)
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    return shop


def rolled_back(shop: Shop) -> Run:
    return shop.apply(aim=RunUndone(shop.apply().id))


def due(shop: Shop) -> list[tuple[Action, str]]:
    return [(change.action, change.key) for change in shop.plan().changes]


def test_what_was_rolled_back_is_left_alone_and_said(held: Shop) -> None:
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run = rolled_back(held)

    made = held.plan()

    assert made.is_empty
    assert f"Left as run {run.id}, a rollback, made it: pro. " in " ".join(made.notices)


def test_other_packages_are_applied_beside_it(held: Shop) -> None:
    held.package("pro", features=["chat"])
    rolled_back(held)
    held.package("new")

    held.apply()

    assert due(held) == []
    assert held.client("acme").entitlements.features == ("calls", "chat")


def test_its_file_counts_again_once_it_changes(held: Shop) -> None:
    held.package("pro", features=["chat"])
    rolled_back(held)

    held.package("pro", features=["chat"], user_count=6)

    assert due(held) == [(Action.UPDATE, "pro")]


def test_a_file_that_was_reverted_and_applied_counts_when_the_change_comes_again(held: Shop) -> None:
    held.package("pro", features=["chat"])
    rolled_back(held)
    held.package("pro", **BASIC)
    held.package("new")
    held.apply()

    held.package("pro", features=["chat"])

    assert due(held) == [(Action.UPDATE, "pro")]


def test_the_rollback_of_the_rollback_has_the_file_count_again(held: Shop) -> None:
    held.package("pro", features=["chat"])
    run = rolled_back(held)

    made = held.plan(aim=RunUndone(run.id))
    back = held.apply(made)

    assert "The files count again" in " ".join(made.notices)
    assert held.platform.parked() == ()
    held.apply(aim=RunUndone(back.id))
    assert [each.subject for each in held.platform.parked()] == ["pro"]


def test_what_it_created_moved_renamed_and_archived_is_left_alone(held: Shop) -> None:
    held.package("old")
    held.apply()
    held.remove("old")
    held.package("new")
    held.package("professional", renamed_from="pro", **BASIC)
    held.remove("pro")

    rolled_back(held)

    assert due(held) == []
    assert [each.subject for each in held.platform.parked()] == ["new", "old", "pro"]


def test_a_step_of_a_rollout_is_left_alone(held: Shop) -> None:
    held.package("pro", features=["chat"])
    held.apply()
    held.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})

    rolled_back(held)

    assert due(held) == []
    assert held.client("acme").subscription.revision == 1


def with_mail(*features: str) -> str:
    added = {key: {"title": key.title()} for key in features}
    return yaml.safe_dump({**CATALOG, "features": {**CATALOG["features"], **added}})


def test_a_term_of_the_catalog_is_left_alone_whatever_comes_beside_it(held: Shop) -> None:
    (held.root / "catalog.yaml").write_text(with_mail("mail"))
    held.package("pro", features=["chat", "calls", "mail"])
    rolled_back(held)
    (held.root / "catalog.yaml").write_text(with_mail("mail", "fax"))

    made = held.plan()

    assert [each.path for each in made.catalog.fields] == ["/features/fax"]
    assert "the catalog's features/mail" in " ".join(made.notices)


def test_a_term_goes_with_the_package_that_needs_it(held: Shop) -> None:
    (held.root / "catalog.yaml").write_text(with_mail("mail"))
    held.package("pro", features=["chat", "calls", "mail"])
    rolled_back(held)
    held.package("pro", features=["chat", "calls", "mail"], user_count=6)

    held.apply()

    assert held.plan().is_empty
    assert held.platform.parked() == ()
    assert [head.revision for head in held.platform.packages()] == [4]


def test_a_move_by_hand_releases_nothing(held: Shop) -> None:
    held.package("pro", features=["chat"])
    run = rolled_back(held)

    held.clients("cone", package="pro")

    assert [each.run for each in held.platform.parked()] == [run.id]
    assert due(held) == []
