"""Events: what was written, by whom and why, sealed by runs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, with_client
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, InvalidError, WrongUsageError
from reconciler.model.clients import ClientLine
from reconciler.model.events import Author
from reconciler.planning.events import verify

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.events import Event

ADA = Author("ada", reason="They asked for it.")


def kinds(platform: Platform) -> list[str]:
    return [event.kind for event in platform.events()]


def last(platform: Platform) -> Event:
    (event,) = platform.events(limit=1)
    return event


@needs("expiry")
def test_an_assignment_is_an_event_with_what_was_held_before_and_after(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("other", definition("Other", expiry="1 day"), NOW)

    platform.assign("acme", "other", LATER, by=ADA)

    event = last(platform)
    assert (event.kind, event.client, event.package, event.at) == ("assign", "acme", "other", LATER)
    assert "ada" in {event.author, event.on_behalf_of}
    assert event.reason == "They asked for it."
    assert event.before is not None
    assert event.after is not None
    assert (event.before["package"], event.before["revision"], event.before["expires_at"]) == (
        "basic",
        1,
        None,
    )
    assert (event.after["package"], event.after["revision"]) == ("other", 1)
    assert event.after["assigned_at"] == LATER.isoformat()


def test_an_import_is_one_event_and_one_part_for_each_client_whose_holding_it_changes(
    platform: Platform,
) -> None:
    with_client(platform)
    with_client(platform, "bolt")
    platform.edit_package("other", definition("Other"), NOW)
    lines = [
        ClientLine("acme", 1, package="other"),
        ClientLine("bolt", 2, name="Bolt"),
        line("new", line=3),
    ]

    platform.import_clients(lines, LATER, assign=1, by=ADA)

    found = [event for event in platform.events() if event.kind == "import"]
    (whole,) = (event for event in found if event.part_of is None)
    parts = {event.client: event for event in found if event.part_of == whole.id}
    assert parts.keys() == {"acme", "new"}
    assert parts["new"].before is None
    assert whole.after is not None
    assert (whole.after["added"], whole.after["updated"]) == (1, 2)
    assert str(whole.after["lines"]).startswith("sha256:")
    assert {event.reason for event in found} == {"They asked for it."}


def test_an_edit_by_hand_and_a_client_added_are_events(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW, by=ADA)
    edited = last(platform)
    platform.add_client(line("acme"), LATER, by=ADA)
    added = last(platform)

    assert (edited.kind, edited.package, edited.client, edited.before) == ("edit", "basic", None, None)
    assert (added.kind, added.package, added.client, added.before) == ("add", "basic", "acme", None)
    assert edited.after is not None
    assert edited.after["revision"] == 1


@needs("usage")
def test_what_is_refused_and_what_is_metered_is_no_event(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("old", definition("Old"), NOW, archived=True)
    before = kinds(platform)

    with pytest.raises(BlockedError):
        platform.assign("acme", "old", LATER)
    platform.record_usage("acme", "chat", 1, LATER)
    platform.set_users("acme", 2, LATER)
    platform.start_cycle("acme", LATER)

    assert kinds(platform) == before


def test_a_run_seals_every_event_that_no_run_sealed(platform: Platform) -> None:
    with_client(platform)
    first = apply(platform).id
    platform.edit_package("other", definition("Other"), LATER)
    unsealed = [event.run for event in platform.events()]
    second = apply(platform).id

    assert unsealed.count(None) == 1
    runs = [(event.kind, event.run) for event in platform.events()]
    assert sorted(runs) == [
        ("add", first),
        ("edit", first),
        ("edit", second),
        ("run", first),
        ("run", second),
    ]


def test_events_are_as_they_were_written_and_the_last_seal_is_found_again(platform: Platform) -> None:
    with_client(platform)
    apply(platform)
    head = str(verify(platform.events()).head)
    platform.edit_package("other", definition("Other"), LATER)
    apply(platform)

    verified = verify(platform.events(), [head])

    assert verified.faults == ()
    assert (verified.events, verified.unsealed) == (5, 0)
    assert verified.head not in {head, None}


def test_hands_and_imports_count_in_the_hours_before_each_client_once(platform: Platform) -> None:
    platform.edit_package("basic", definition(features=["chat", "audio"]), NOW)
    platform.edit_package("less", definition("Less"), NOW)
    for client_id in "abcd":
        platform.add_client(line(client_id), NOW)
    platform.assign("a", "less", LATER)
    platform.assign("a", "basic", LATER)
    platform.assign("a", "less", LATER)
    lines = [ClientLine(each, number, package="less") for number, each in enumerate("bc", 1)]

    with pytest.raises(BlockedError):
        platform.import_clients(lines, LATER, assign=2)
    platform.import_clients(lines, LATER, assign=3)
    platform.assign("d", "basic", LATER)

    assert platform.lost_since(LATER).clients == 3
    assert platform.lost_since(LATER + timedelta(seconds=1)).clients == 0


@pytest.mark.parametrize(
    "by",
    [
        Author(""),
        Author("a\nb"),
        *(Author("ada", reason=text) for text in ("\0", "\x1b[31mred", "two\nlines", "a\u200b", "x" * 1_001)),
    ],
)
def test_who_writes_and_why_are_lines_that_can_be_seen(platform: Platform, by: Author) -> None:
    with_client(platform)

    with pytest.raises(REFUSED):
        platform.assign("acme", "basic", LATER, by=by)

    assert sorted(kinds(platform)) == ["add", "edit"]


REFUSED = (WrongUsageError, InvalidError)
