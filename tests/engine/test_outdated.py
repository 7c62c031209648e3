"""Outdated is who would get something else (rule 14), whatever asks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.engine.explain.client import explain_client
from reconciler.engine.notes import NotesRequest, notes
from reconciler.engine.plan import environment_of
from reconciler.model.plans import RunUndone

if TYPE_CHECKING:
    from tests.shop import Shop

SOLD: dict[str, Any] = {"features": ["chat", "calls"], "limits": {"minutes": 50}}


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.guards(clients_losing="unlimited", acknowledge="never")
    shop.package("pro", **SOLD)
    shop.apply()
    shop.clients("acme", "bolt", package="pro")
    return shop


def told(shop: Shop) -> list[str]:
    workspace = shop.workspace
    request = NotesRequest(shop.at, date(2026, 12, 1), kept=True)
    environment = environment_of(workspace.settings, None)
    return [note.client.id for note in notes(workspace, environment, shop.platform, request)]


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Business"},
        {"description": "For teams."},
        {"allowed_emails": ["owner@acme.example"]},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edit_that_gives_holders_nothing_else_touches_none_of_them(
    sold: Shop, edit: dict[str, Any]
) -> None:
    sold.package("pro", **{**SOLD, **edit})
    before = told(sold)
    sold.apply(None, "acknowledge:pro")
    sold.package("pro", **{**SOLD, **edit}, user_count=9)

    made = sold.plan()
    workspace = sold.workspace
    environment = environment_of(workspace.settings, None)
    explained = explain_client(workspace, environment, sold.platform, "acme", sold.at)

    assert before == []
    assert made.outdated == ()
    assert [change.impact.stale for change in made.changes] == [0]
    assert [field.code.value for field in explained.prospect.fields] == ["user-count-raised"]


def test_after_a_rollback_holders_of_what_is_granted_again_are_not_outdated(sold: Shop) -> None:
    sold.package("pro", features=["chat"])
    run = sold.apply()
    sold.clients("cone", package="pro")
    lessened = sold.plan().outdated

    sold.apply(aim=RunUndone(run.id))

    assert [(each.revision, each.clients) for each in lessened] == [(1, 2)]
    assert [(each.revision, each.clients) for each in sold.platform.outdated(sold.at)] == [(2, 1)]
    assert [client.id for client in sold.platform.clients(sold.at, outdated=True)] == ["cone"]


def test_those_count_as_stale_whom_the_live_package_would_give_something_else(sold: Shop) -> None:
    sold.package("pro", **SOLD, user_count=7)
    sold.apply()
    sold.clients("cone", package="pro")
    sold.package("pro", **SOLD, user_count=7, title="Business")
    sold.apply()
    sold.package("pro", **SOLD, user_count=9, title="Business")

    made = sold.plan()

    assert [(change.impact.holders, change.impact.stale) for change in made.changes] == [(3, 2)]


def test_a_note_says_nothing_of_an_expiry_that_ends_the_subscription_on_the_same_day(shop: Shop) -> None:
    shop.package("pro", expiry="30 days", features=["chat", "calls"])
    shop.apply()
    shop.clients("acme", package="pro")
    shop.package("pro", expiry="1 month", features=["chat"])

    workspace = shop.workspace
    request = NotesRequest(shop.at, date(2026, 12, 1), kept=True)
    (note,) = notes(workspace, environment_of(workspace.settings, None), shop.platform, request)

    assert [loss.code.value for loss in note.prospect.losses] == ["feature-removed"]
