"""What a platform remembers of runs and of use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, version, with_client
from reconciler.model.changesets import ArchiveWrite, Move, Moved, PackageWrite
from reconciler.model.questions import ClientQuestion, MovedIn, Tally

if TYPE_CHECKING:
    from reconciler.live.port import Platform

HOLDERS = ClientQuestion("basic", (1,))


def revise(platform: Platform, *moves: Move, title: str = "Basic 2") -> int:
    write = PackageWrite("basic", definition(title, features=[]), version(platform, "basic"))
    return apply(platform, writes=(write,), moves=moves).id


def test_holders_of_older_revisions_are_outdated_since_the_next_one(platform: Platform) -> None:
    with_client(platform, "acme")
    with_client(platform, "gone", status="disabled")
    revise(platform)

    found = platform.outdated(LATER)

    assert [(each.package, each.revision, each.clients, each.since) for each in found] == [
        ("basic", 1, 1, LATER)
    ]


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Starter"},
        {"description": "More."},
        {"allowed_emails": ["ops@acme.example"]},
        {"limits": {"sources": 0}},
        {"expiry": "1 week"},
    ],
    ids=str,
)
def test_an_edit_that_gives_holders_nothing_else_makes_nobody_outdated(
    platform: Platform, edit: dict[str, Any]
) -> None:
    platform.edit_package("basic", definition(expiry="7 days"), NOW)
    platform.add_client(line("acme"), NOW)

    platform.edit_package("basic", definition(**{"expiry": "7 days", **edit}), LATER)

    assert platform.outdated(LATER) == ()
    assert list(platform.clients(LATER, outdated=True)) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"features": ["chat", "audio"]},
        {"limits": {"sources": 1}},
        {"user_count": 6},
        {"ai_credits": 1},
        {"expiry": "31 days"},
        {"expiry": None},
    ],
    ids=str,
)
def test_an_edit_of_what_holders_have_makes_them_outdated(platform: Platform, edit: dict[str, Any]) -> None:
    platform.edit_package("basic", definition(expiry="30 days"), NOW)
    platform.add_client(line("acme"), NOW)

    platform.edit_package("basic", definition(**{"expiry": "30 days", **edit}), LATER)

    assert [(each.revision, each.clients) for each in platform.outdated(LATER)] == [(1, 1)]
    assert [client.id for client in platform.clients(LATER, outdated=True)] == ["acme"]


def test_an_expiry_makes_those_outdated_whose_own_end_would_differ(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="30 days"), NOW)
    platform.add_client(line("september", assigned_at=NOW - timedelta(days=1)), NOW)
    platform.add_client(line("october"), NOW)

    platform.edit_package("basic", definition(expiry="1 month"), LATER)

    assert [(each.revision, each.clients) for each in platform.outdated(LATER)] == [(1, 1)]
    assert [client.id for client in platform.clients(LATER, outdated=True)] == ["october"]


def test_a_package_that_grants_what_it_did_before_leaves_only_those_between_outdated(
    platform: Platform,
) -> None:
    with_client(platform, "before")
    platform.edit_package("basic", definition(features=[]), NOW + timedelta(hours=1))
    platform.edit_package("basic", definition("Renamed", features=[]), NOW + timedelta(hours=2))
    platform.add_client(line("between"), NOW + timedelta(hours=2))

    platform.edit_package("basic", definition("Again"), LATER)

    assert [(each.revision, each.clients, each.since) for each in platform.outdated(LATER)] == [(3, 1, LATER)]
    assert [client.id for client in platform.clients(LATER, outdated=True)] == ["between"]


def test_who_is_outdated_is_so_since_the_first_revision_that_grants_something_else(
    platform: Platform,
) -> None:
    with_client(platform)
    hours = [NOW + timedelta(hours=hour) for hour in range(1, 4)]
    for features, title, at in (
        (["chat"], "Renamed", hours[0]),
        (["audio"], "Renamed", hours[1]),
        (["agent"], "Renamed", hours[2]),
    ):
        platform.edit_package("basic", definition(title, features=features), at)

    assert [(each.revision, each.since) for each in platform.outdated(LATER)] == [(1, hours[1])]


def test_a_run_remembers_whom_it_moved(platform: Platform) -> None:
    with_client(platform, "acme")
    with_client(platform, "bolt")
    run = revise(platform, Move(ClientQuestion("basic", (1,), ()), at_most=2))

    moved = ClientQuestion("basic", (2,), (MovedIn(run, from_revision=1),))
    others = ClientQuestion("basic", (2,), (MovedIn(run, from_revision=2),))
    later = ClientQuestion("basic", (2,), (MovedIn(run + 1, from_revision=1),))

    assert platform.moved_by(run) == (Moved("basic", 1, 2, 2),)
    assert [list(platform.matching(each, LATER)) for each in (moved, others, later)] == [
        ["acme", "bolt"],
        [],
        [],
    ]
    assert [answer.count for answer in platform.answers([moved, others], LATER, sample=1)] == [2, 0]


def test_a_head_says_what_the_last_apply_left(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    (by_hand,) = platform.packages()
    revise(platform)
    (applied,) = platform.packages()
    platform.edit_package("basic", definition("Edited"), NOW)
    (edited,) = platform.packages()
    apply(platform, writes=(ArchiveWrite("basic", edited.version),))
    (archived,) = platform.packages()

    assert by_hand.applied_digest is None
    assert (applied.applied_digest, applied.applied_archived) == (applied.digest, False)
    assert edited.applied_digest == applied.digest
    assert (archived.applied_digest, archived.applied_archived) == (edited.digest, True)


def test_consumption_tallies_active_holders_by_amount(platform: Platform) -> None:
    with_client(platform, "acme", usage={"sessions": 3}, users=2)
    with_client(platform, "bolt", usage={"sessions": 3})
    with_client(platform, "cone", usage={"chat": 9})
    with_client(platform, "gone", usage={"sessions": 3}, status="archived")

    sessions = list(platform.consumption("basic", "sessions", NOW + timedelta(seconds=1)))
    users = list(platform.consumption("basic", "user_count", NOW + timedelta(seconds=1)))

    assert sessions == [Tally(1, 0, 1), Tally(1, 3, 2)]
    assert users == [Tally(1, 0, 2), Tally(1, 2, 1)]
