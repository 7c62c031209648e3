"""What is known of a client as a person: changed, and forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, with_client
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, WrongUsageError
from reconciler.model.changesets import Move
from reconciler.model.clients import ClientLine, ClientUpdate, Forgotten, Mention
from reconciler.model.events import Author
from reconciler.model.grants import Granting
from reconciler.model.questions import ClientQuestion
from reconciler.planning.events import verify

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.events import Event

ADA = Author("ada", reason="They asked for it.")


def latest(platform: Platform) -> Event:
    (event,) = platform.events(limit=1)
    return event


def test_what_is_stated_of_a_client_changes_and_the_rest_is_kept(platform: Platform) -> None:
    with_client(platform)
    before = platform.client("acme", LATER)

    client = platform.update_client(ClientUpdate("acme", status="disabled"), LATER, by=ADA)

    assert (client.status, client.subscription.status) == ("disabled", "suspended")
    assert (client.name, client.owner_email) == (before.name, before.owner_email)
    assert platform.client("acme", LATER) == client
    event = latest(platform)
    assert (event.kind, event.client, event.reason) == ("update", "acme", "They asked for it.")
    assert (event.before, event.after) == ({"status": "active"}, {"status": "disabled"})


def test_personal_values_that_change_are_named_and_not_kept(platform: Platform) -> None:
    with_client(platform)

    platform.update_client(ClientUpdate("acme", name="Ann", owner_email="ann@x.example"), LATER)

    event = latest(platform)
    assert (event.before, event.after) == ({}, {"changed": ["name", "owner_email"]})
    assert platform.client("acme", LATER).owner_email == "ann@x.example"


def test_a_client_that_stays_as_it_is_was_not_changed(platform: Platform) -> None:
    with_client(platform)

    platform.update_client(ClientUpdate("acme", status="active"), LATER)

    assert latest(platform).kind != "update"
    with pytest.raises(WrongUsageError):
        platform.update_client(ClientUpdate("none"), LATER)
    with pytest.raises(WrongUsageError):
        platform.update_client(ClientUpdate("acme", owner_email="none"), LATER)


def test_an_import_that_suspends_a_client_says_so_of_it(platform: Platform) -> None:
    with_client(platform)

    platform.import_clients([ClientLine("acme", 1, status="disabled")], LATER)

    found = [each for each in platform.events() if each.kind == "update"]
    assert [(each.client, each.after) for each in found] == [("acme", {"status": "disabled"})]
    assert found[0].part_of is not None


def test_a_forgotten_client_is_gone_and_events_lead_back_to_nobody(platform: Platform) -> None:
    with_client(platform)
    with_client(platform, "bolt")
    platform.edit_package("basic", definition(features=[]), LATER)
    run = apply(platform, moves=(Move(ClientQuestion("basic", (1,)), at_most=None),))

    forgotten = platform.forget_client("acme", LATER + timedelta(hours=1), by=ADA)

    assert forgotten == Forgotten()
    assert [each.id for each in platform.clients(LATER)] == ["bolt"]
    with pytest.raises(WrongUsageError):
        platform.client("acme", LATER)
    assert {each.client for each in platform.events()} == {None, "bolt"}
    event = latest(platform)
    told = {"replaced": False, "lost_at": run.at.isoformat()}
    assert (event.kind, event.after, event.reason) == ("forget", told, "They asked for it.")
    assert verify(platform.events()).faults == ()


@needs("grants")
def test_grants_go_with_a_forgotten_client_and_stay_under_another_id(platform: Platform) -> None:
    for each in ("acme", "bolt"):
        with_client(platform, each)
        platform.adjust(each, Granting("user_count", "subscription", add=2), NOW)
    granted = platform.client("bolt", LATER).grants

    platform.forget_client("acme", LATER)
    platform.forget_client("bolt", LATER, replaced_by="c-1")

    assert platform.client("c-1", LATER).grants == granted
    platform.add_client(line("acme"), LATER)
    assert platform.client("acme", LATER).grants == ()


@needs("usage")
def test_another_id_may_stand_for_a_forgotten_client(platform: Platform) -> None:
    with_client(platform, usage={"chat": 3})
    held = platform.client("acme", LATER).subscription

    platform.forget_client("acme", LATER, replaced_by="c-1")

    (client,) = platform.clients(LATER)
    assert (client.id, client.name, client.owner_email) == ("c-1", "c-1", "")
    assert (client.subscription, client.usage) == (held, {"chat": 3})
    assert [each.kind for each in platform.client_history("c-1")] == ["forget", "add"]


@needs("usage")
def test_what_still_names_a_forgotten_client_is_told(platform: Platform) -> None:
    platform.edit_package("basic", definition(allowed_emails=["ops@acme.example"]), NOW)
    platform.add_client(line("acme"), NOW)
    platform.edit_package("basic", definition(), LATER)
    run = apply(platform, changes=(), moves=(Move(ClientQuestion("basic", (1,)), at_most=None),))
    told = {"action": "reassign", "key": "basic", "impact": {"findings": [{"sample": ["acme"]}]}}
    named = apply(platform, changes=(told,), moves=(Move(ClientQuestion("basic", (9,)), at_most=None),))

    forgotten = platform.forget_client("acme", LATER)

    assert forgotten == Forgotten((Mention("basic", 1),), (named.id,))
    assert run.id != named.id


def test_an_id_that_somebody_has_replaces_nobody(platform: Platform) -> None:
    with_client(platform)
    with_client(platform, "bolt")

    with pytest.raises(BlockedError):
        platform.forget_client("acme", LATER, replaced_by="bolt")
    with pytest.raises(WrongUsageError):
        platform.forget_client("none", LATER)

    assert [each.id for each in platform.clients(LATER)] == ["acme", "bolt"]
