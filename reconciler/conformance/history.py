"""What a platform remembers of runs and of use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, version, with_client
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import StaleError
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ArchiveWrite, Move, Moved, PackageWrite, Parked, Parking
from reconciler.model.losses import Bounds, Entry, Lately, Lost
from reconciler.model.packages import Pace
from reconciler.model.questions import ClientQuestion, EndedToo, HeldSince, LostSince, LostUnder, OneOf, Tally
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.questions import Condition

HOLDERS = ClientQuestion("basic", (1,))


def revise(platform: Platform, *moves: Move, title: str = "Basic 2") -> int:
    write = PackageWrite("basic", definition(title, features=[]), version(platform, "basic"))
    return apply(platform, writes=(write,), moves=moves).id


@needs("snapshots=assignment")
def test_holders_of_older_revisions_are_outdated_since_the_next_one(platform: Platform) -> None:
    with_client(platform, "acme")
    with_client(platform, "gone", status="disabled")
    revise(platform)

    found = platform.outdated(LATER)

    assert [(each.package, each.revision, each.clients, each.since) for each in found] == [
        ("basic", 1, 1, LATER)
    ]


@needs("expiry")
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


@needs("expiry")
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


@needs("expiry")
@pytest.mark.parametrize("at", [LATER, NOW - timedelta(days=20)], ids=["later", "before they started"])
def test_an_expiry_makes_those_outdated_whose_own_end_would_differ(platform: Platform, at: datetime) -> None:
    platform.edit_package("basic", definition(expiry="30 days"), NOW)
    platform.add_client(line("september", assigned_at=NOW - timedelta(days=1)), NOW)
    platform.add_client(line("october"), NOW)

    platform.edit_package("basic", definition(expiry="1 month"), LATER)

    assert [(each.revision, each.clients) for each in platform.outdated(at)] == [(1, 1)]
    assert [client.id for client in platform.clients(at, outdated=True)] == ["october"]


@needs("snapshots=assignment")
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


@needs("snapshots=assignment")
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

    moved = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=1),))
    others = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=2),))
    later = ClientQuestion("basic", (2,), (HeldSince(run + 1, from_revision=1),))

    assert platform.moved_by(run) == (Moved("basic", 1, 2, 2),)
    assert [list(platform.matching(each, LATER)) for each in (moved, others, later)] == [
        ["acme", "bolt"],
        [],
        [],
    ]
    assert [answer.count for answer in platform.answers([moved, others], LATER, sample=1)] == [2, 0]


@needs("expiry")
def test_who_was_moved_is_found_after_its_expiry_but_not_after_another_start_nor_while_suspended(
    platform: Platform,
) -> None:
    for client_id in ("acme", "anew", "gone"):
        with_client(platform, client_id, assigned_at=NOW - timedelta(days=3))
    write = PackageWrite("basic", definition(expiry="2 days"), version(platform, "basic"))
    run = apply(platform, writes=(write,), moves=(Move(HOLDERS, at_most=3),)).id
    platform.import_clients([line("anew", assigned_at=NOW - timedelta(days=4))], LATER, assign=1)
    platform.import_clients([line("gone", status="disabled")], LATER)
    moved = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=1),))
    ended_too = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=1), EndedToo()))

    assert list(platform.matching(moved, LATER)) == []
    assert list(platform.matching(ended_too, LATER)) == ["acme"]
    assert [answer.count for answer in platform.answers([moved, ended_too], LATER, sample=1)] == [0, 1]


@needs("expiry")
def test_a_subscription_that_has_ended_goes_on_with_its_own_start_where_it_is_moved_back(
    platform: Platform,
) -> None:
    start = NOW - timedelta(days=3)
    with_client(platform, "acme", assigned_at=start)
    write = PackageWrite("basic", definition(expiry="2 days"), version(platform, "basic"))
    run = apply(platform, writes=(write,), moves=(Move(HOLDERS, at_most=1),)).id
    ended = platform.client("acme", LATER).subscription

    moved = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=1), EndedToo()))
    back = Move(moved, at_most=1, to_revision=1, expected_version=version(platform, "basic"))
    apply(platform, moves=(back,))

    found = platform.client("acme", LATER).subscription
    assert (ended.revision, ended.status) == (2, "expired")
    assert (found.revision, found.status, found.assigned_at, found.expires_at) == (1, "active", start, None)


def test_a_run_remembers_which_guards_it_loosened_and_tightened(platform: Platform) -> None:
    first, second = Guards(archives=3, protected=("basic",)), Guards(archives=1)

    runs = [apply(platform, guards=first)]
    runs.append(apply(platform, guards=second, expected_guards=first))

    assert [[*platform.run(run.id).guards] for run in runs] == [
        [],
        [
            {"guard": "protected", "from": ["basic"], "to": [], "loosened": True},
            {"guard": "archives", "from": 3, "to": 1, "loosened": False},
        ],
    ]


def test_a_run_remembers_what_of_the_catalog_it_changed(platform: Platform) -> None:
    chat, audio, sources = {"title": "Chat"}, {"title": "Audio call"}, {"title": "Sources"}
    first = Catalog.normalised({"features": {"chat": chat, "audio": audio}})
    second = Catalog.normalised({"features": {"chat": {"title": "Talk"}}, "limits": {"sources": sources}})

    runs = [apply(platform, catalog=first)]
    runs.append(apply(platform, catalog=second, expected_catalog=first))
    runs.append(apply(platform))

    assert [platform.run(run.id).catalog for run in runs] == [run.catalog for run in runs]
    assert [[(term["path"], term["from"], term["to"]) for term in run.catalog] for run in runs] == [
        [("/features/audio", None, audio), ("/features/chat", None, chat)],
        [
            ("/features/audio", audio, None),
            ("/features/chat", chat, {"title": "Talk"}),
            ("/limits/sources", None, sources),
        ],
        [],
    ]


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


@needs("usage")
def test_consumption_tallies_active_holders_by_amount(platform: Platform) -> None:
    with_client(platform, "acme", usage={"sessions": 3}, users=2)
    with_client(platform, "bolt", usage={"sessions": 3})
    with_client(platform, "cone", usage={"chat": 9})
    with_client(platform, "gone", usage={"sessions": 3}, status="archived")

    sessions = list(platform.consumption("basic", "sessions", NOW + timedelta(seconds=1)))
    users = list(platform.consumption("basic", "user_count", NOW + timedelta(seconds=1)))

    assert sessions == [Tally(1, 0, 1), Tally(1, 3, 2)]
    assert users == [Tally(1, 0, 2), Tally(1, 2, 1)]


AUDIO = Entry("basic", "removes", "features/audio", clients=9, until=date(2030, 1, 1))
LESS = definition(title="Basic 2", features=["chat"])


def without_audio(platform: Platform, *clients: str) -> Run:
    """Take audio away from some holders, under an entry that says so."""
    write = PackageWrite("basic", LESS, version(platform, "basic"))
    moves = (Move(ClientQuestion("basic", (1,), (OneOf(clients),)), 9),)
    return apply(platform, writes=(write,), moves=moves, acknowledgements=(AUDIO,))


def with_audio(platform: Platform, *clients: str) -> None:
    platform.edit_package("basic", definition(features=["audio", "chat"]), NOW)
    for client_id in clients:
        with_client(platform, client_id)


def lost(platform: Platform, *conditions: Condition) -> list[str]:
    """Say of which holders of any revision it is so, by every way to ask; they are fewer than ten."""
    question = ClientQuestion("basic", tuple(range(1, 10)), conditions)
    (answer,) = platform.answers([question], LATER, sample=9)
    found = [*platform.matching(question, LATER)]
    assert (answer.count, list(answer.sample)) == (len(found), found)
    assert [platform.nth_matching(question, n, LATER) for n in range(1, len(found) + 2)] == [*found, None]
    return found


@needs("snapshots=assignment")
def test_an_entry_counts_everybody_who_ever_lost_under_it(platform: Platform) -> None:
    with_audio(platform, "a", "b", "c")

    without_audio(platform, "a", "b")
    (entry,) = platform.acknowledged(LATER)

    assert (entry.entry, entry.lost, entry.is_spent) == (AUDIO, 2, False)
    assert lost(platform, LostUnder("removes", "features/audio")) == ["a", "b"]
    assert lost(platform, LostUnder("lowers", "user_count")) == []
    without_audio(platform, "c")
    (entry,) = platform.acknowledged(LATER)
    assert (entry.lost, entry.is_spent) == (3, True)


def test_an_entry_is_forgotten_by_a_run_without_it_and_kept_by_one_that_is_of_no_files(
    platform: Platform,
) -> None:
    with_audio(platform, "a", "b")
    without_audio(platform, "a")

    apply(platform)
    assert [each.lost for each in platform.acknowledged(LATER)] == [1]

    apply(platform, acknowledgements=())
    assert platform.acknowledged(LATER) == ()
    without_audio(platform)
    assert [each.lost for each in platform.acknowledged(LATER)] == [0]


def test_an_edited_entry_counts_on(platform: Platform) -> None:
    with_audio(platform, "a")
    without_audio(platform, "a")
    apply(platform, acknowledgements=(AUDIO,))
    assert [each.is_spent for each in platform.acknowledged(LATER)] == [True]

    apply(platform, acknowledgements=(replace(AUDIO, clients=20),))

    (entry,) = platform.acknowledged(LATER)
    assert (entry.entry.clients, entry.lost) == (20, 1)


def test_a_spent_entry_stays_spent_when_the_feature_comes_back(platform: Platform) -> None:
    with_audio(platform, "a")
    without_audio(platform, "a")

    back = PackageWrite("basic", definition(features=["audio", "chat"]), version(platform, "basic"))
    everybody = (Move(ClientQuestion("basic", (2,)), 9),)
    apply(platform, writes=(back,), moves=everybody, acknowledgements=(AUDIO,))

    assert [each.is_spent for each in platform.acknowledged(LATER)] == [True]


def test_an_entry_for_an_archived_package_is_spent_once_it_is_archived(platform: Platform) -> None:
    archiving = Entry("basic", "archives", "package", clients=9, until=date(2030, 1, 1))
    platform.edit_package("basic", definition(), NOW)
    with_client(platform, "a")
    apply(platform, acknowledgements=(archiving,))
    assert [each.is_spent for each in platform.acknowledged(LATER)] == [False]

    written = PackageWrite("basic", definition(), version(platform, "basic"), archived=True)
    apply(platform, writes=(written,), acknowledgements=(archiving,))

    assert [each.is_spent for each in platform.acknowledged(LATER)] == [True]
    restored = PackageWrite("basic", definition(), version(platform, "basic"))
    apply(platform, writes=(restored,), acknowledgements=(archiving,))
    assert [each.is_spent for each in platform.acknowledged(LATER)] == [True]


@needs("allowed_emails")
def test_an_entry_for_fewer_e_mails_is_spent_once_they_are_fewer(platform: Platform) -> None:
    narrowing = Entry("basic", "narrows", "allowed_emails", clients=9, until=date(2030, 1, 1))
    platform.edit_package("basic", definition(), NOW)
    with_client(platform, "a")
    apply(platform, acknowledgements=(narrowing,))
    assert [each.is_spent for each in platform.acknowledged(LATER)] == [False]

    few = definition(allowed_emails=["owner@example.com"])
    written = PackageWrite("basic", few, version(platform, "basic"))
    apply(platform, writes=(written,), acknowledgements=(narrowing,))

    assert [each.is_spent for each in platform.acknowledged(LATER)] == [True]


@needs("snapshots=assignment")
def test_a_suspended_holder_is_left_to_lose_it(platform: Platform) -> None:
    with_audio(platform, "a")
    with_client(platform, "b", status="disabled")

    without_audio(platform, "a")

    assert [each.is_spent for each in platform.acknowledged(LATER)] == [False]


def test_whoever_a_rollback_restored_lost_nothing_lately_but_lost_it_once(platform: Platform) -> None:
    with_audio(platform, "a", "b")
    without_audio(platform, "a", "b")
    assert platform.lost_since(LATER) == Lost(2)
    assert lost(platform, LostSince(LATER)) == ["a", "b"]

    assert lost(platform, LostSince(LATER, back_to=1)) == []
    assert lost(platform, LostSince(LATER, back_to=2)) == ["a", "b"]

    returning = Move(ClientQuestion("basic", (2,), (OneOf(("b",)),)), 9, to_revision=1)
    apply(platform, moves=(returning,))

    assert platform.lost_since(LATER) == Lost(1)
    assert lost(platform, LostSince(LATER)) == ["a"]
    assert [each.lost for each in platform.acknowledged(LATER)] == [2]
    assert lost(platform, LostUnder("removes", "features/audio")) == ["a", "b"]


@needs("snapshots=assignment")
def test_what_hands_or_another_move_took_lately_is_lost_even_once_a_move_is_taken_back(
    platform: Platform,
) -> None:
    with_audio(platform, "a", "b", "c")
    platform.edit_package("more", definition("More", features=["audio", "chat"], user_count=9), NOW)
    platform.assign("b", "more", LATER)
    platform.assign("b", "basic", LATER)
    without_audio(platform, "a", "b", "c")
    write = PackageWrite("basic", definition(user_count=1), version(platform, "basic"))
    apply(platform, writes=(write,), moves=(Move(ClientQuestion("basic", (2,), (OneOf(("c",)),)), 9),))

    assert lost(platform, LostSince(LATER, back_to=1)) == ["b", "c"]
    assert lost(platform, LostSince(LATER, back_to=2)) == ["a", "b", "c"]


@needs("expiry")
def test_whose_ended_subscription_a_rollback_resumes_loses_nothing_by_it(platform: Platform) -> None:
    with_client(platform, "over", assigned_at=NOW - timedelta(days=3))
    with_client(platform, "going")
    write = PackageWrite("basic", definition(user_count=9, expiry="2 days"), version(platform, "basic"))
    run = apply(platform, writes=(write,), moves=(Move(HOLDERS, at_most=2),)).id
    stated = Entry("basic", "lowers", "user_count", clients=9, until=date(2030, 1, 1))
    moved = ClientQuestion("basic", (2,), (HeldSince(run, from_revision=1), EndedToo()))
    back = Move(moved, at_most=2, to_revision=1, expected_version=version(platform, "basic"))

    apply(platform, moves=(back,), acknowledgements=(stated,))

    assert lost(platform, LostUnder("lowers", "user_count"), LostSince(LATER)) == ["going"]
    assert [each.lost for each in platform.acknowledged(LATER)] == [1]
    assert platform.lost_since(LATER) == Lost(1)


def test_what_was_lost_before_an_instant_does_not_count(platform: Platform) -> None:
    with_audio(platform, "a")

    run = without_audio(platform, "a")

    assert platform.lost_since(run.at).clients == 1
    assert platform.lost_since(run.at + timedelta(microseconds=1)).clients == 0
    at_once = [LostSince(run.at), LostSince(run.at + timedelta(microseconds=1))]
    assert [lost(platform, each) for each in at_once] == [["a"], []]


def test_who_gains_only_lost_nothing(platform: Platform) -> None:
    with_client(platform, "a")
    platform.edit_package("basic", definition(features=["audio", "chat", "video"]), NOW)

    apply(platform, moves=(Move(ClientQuestion("basic", (1,)), 9),))

    assert platform.lost_since(LATER) == Lost(0)
    assert lost(platform, LostSince(LATER)) == []


@needs("snapshots=assignment")
def test_who_was_forgotten_counts_on_under_the_entry_by_which_it_lost(platform: Platform) -> None:
    with_audio(platform, "a", "b", "c", "d")
    without_audio(platform, "a", "b", "c")

    platform.forget_client("a", LATER)
    platform.forget_client("b", LATER, replaced_by="b-2")
    platform.forget_client("d", LATER)

    assert [(each.entry, each.lost) for each in platform.acknowledged(LATER)] == [(AUDIO, 3)]
    platform.edit_package("basic", definition(features=["audio", "chat"]), LATER)
    with_client(platform, "e")
    write = PackageWrite("basic", LESS, version(platform, "basic"))
    fourth = Move(ClientQuestion("basic", (3,)), 9)
    with pytest.raises(StaleError):
        apply(platform, writes=(write,), moves=(fourth,), bounds=Bounds((replace(AUDIO, clients=3),)))


def test_whoever_is_forgotten_lost_lately_what_it_lost_and_no_later(platform: Platform) -> None:
    with_audio(platform, "a", "b", "c", "d", "e")
    run = without_audio(platform, "a", "b", "c")
    returning = Move(ClientQuestion("basic", (2,), (OneOf(("c",)),)), 9, to_revision=1)
    apply(platform, moves=(returning,))
    assert platform.lost_since(LATER).clients == 2

    for each in ("a", "c", "d"):
        platform.forget_client(each, LATER + timedelta(hours=1))

    assert platform.lost_since(LATER).clients == 2
    assert platform.lost_since(run.at + timedelta(microseconds=1)).clients == 0


@needs("snapshots=assignment")
def test_whoever_lost_by_hand_and_by_a_run_counts_once_when_it_is_forgotten(platform: Platform) -> None:
    with_audio(platform, "a", "b")
    without_audio(platform, "a", "b")
    platform.edit_package("small", definition(), LATER)
    platform.assign("a", "small", LATER)
    assert platform.lost_since(LATER).clients == 2
    of_small = ClientQuestion("small", (1,), (LostSince(LATER),))
    of_run = ClientQuestion("small", (1,), (LostUnder("removes", "features/audio"),))
    assert [each.count for each in platform.answers([of_small, of_run], LATER, sample=0)] == [1, 0]

    platform.forget_client("a", LATER + timedelta(hours=1))

    assert platform.lost_since(LATER).clients == 2
    assert platform.lost_since(LATER + timedelta(seconds=1)).clients == 0


@needs("expiry")
def test_an_expiry_is_lost_by_those_whose_own_end_comes_earlier(platform: Platform) -> None:
    platform.edit_package("basic", definition(expiry="31 days"), NOW)
    with_client(platform, "of-september", assigned_at=datetime(2026, 9, 10, tzinfo=UTC))
    with_client(platform, "of-october", assigned_at=datetime(2026, 10, 1, tzinfo=UTC))
    stated = Entry("basic", "shortens", "expiry", clients=9, until=date(2030, 1, 1))
    write = PackageWrite("basic", definition(expiry="1 month"), version(platform, "basic"))

    apply(platform, writes=(write,), moves=(Move(HOLDERS, 9),), acknowledgements=(stated,))

    (entry,) = platform.acknowledged(LATER)
    assert entry.lost == 1
    assert platform.lost_since(LATER).clients == 1
    assert lost(platform, LostUnder("shortens", "expiry"), LostSince(LATER)) == ["of-september"]


@needs("snapshots=assignment")
def test_a_bound_of_an_entry_is_not_passed_whoever_applied_meanwhile(platform: Platform) -> None:
    with_audio(platform, "a", "b", "c")
    without_audio(platform, "a", "b")
    two = replace(AUDIO, clients=2)
    third = Move(ClientQuestion("basic", (1,)), 9)

    with pytest.raises(StaleError):
        apply(platform, moves=(third,), acknowledgements=(two,), bounds=Bounds((two,)))

    assert (len(platform.runs()), platform.client("c", LATER).subscription.revision) == (1, 1)
    assert [each.entry for each in platform.acknowledged(LATER)] == [AUDIO]
    apply(platform, moves=(third,), bounds=Bounds((replace(AUDIO, clients=3),)))
    assert [each.lost for each in platform.acknowledged(LATER)] == [3]


@needs("snapshots=assignment")
def test_a_bound_of_who_loses_anything_is_not_passed_whoever_applied_meanwhile(platform: Platform) -> None:
    with_audio(platform, "a", "b", "c")
    without_audio(platform, "a", "b")
    third = Move(ClientQuestion("basic", (1,)), 9)

    with pytest.raises(StaleError):
        apply(platform, moves=(third,), bounds=Bounds(lately=Lately(LATER, 2)))

    assert len(platform.runs()) == 1
    apply(platform, moves=(third,), bounds=Bounds(lately=Lately(LATER, 3)))
    assert len(platform.runs()) == 2


@needs("snapshots=assignment")
def test_an_entry_that_lets_something_pass_counts_also_where_no_files_are_applied(platform: Platform) -> None:
    with_audio(platform, "a", "b")
    apply(platform, writes=(PackageWrite("basic", LESS, version(platform, "basic")),), acknowledgements=())

    apply(platform, moves=(Move(ClientQuestion("basic", (1,)), 9),), bounds=Bounds((AUDIO,)))

    assert [(each.entry, each.lost) for each in platform.acknowledged(LATER)] == [(AUDIO, 2)]


def test_an_entry_without_a_section_is_the_one_with_the_section_that_a_loss_tells(platform: Platform) -> None:
    with_audio(platform, "a", "b")
    bare = replace(AUDIO, term="audio")
    apply(platform, acknowledgements=(bare,))
    write = PackageWrite("basic", LESS, version(platform, "basic"))
    move = Move(ClientQuestion("basic", (1,), (OneOf(("a",)),)), 9)

    apply(platform, writes=(write,), moves=(move,), acknowledgements=(bare,), bounds=Bounds((AUDIO,)))
    apply(platform, acknowledgements=(bare,))

    assert [(each.entry, each.lost) for each in platform.acknowledged(LATER)] == [(AUDIO, 1)]


@needs("snapshots=assignment")
def test_a_limit_that_went_with_its_feature_is_not_lost_under_an_entry_of_its_own(platform: Platform) -> None:
    capping = Catalog.normalised(
        {
            "features": {"audio": {"title": "Audio"}},
            "limits": {"calls": {"title": "Calls", "feature": "audio"}},
        }
    )
    apply(platform, catalog=capping)
    platform.edit_package("basic", definition(features=["audio"], limits={"calls": 9}), NOW)
    with_client(platform, "with-audio")
    platform.edit_package("basic", definition(features=[], limits={"calls": 9}), NOW)
    with_client(platform, "without")
    calls = replace(AUDIO, term="limits/calls")
    write = PackageWrite("basic", definition(features=[]), version(platform, "basic"))
    everybody = Move(ClientQuestion("basic", (1, 2)), 9)

    apply(platform, writes=(write,), moves=(everybody,), acknowledgements=(AUDIO, calls))
    before = platform.acknowledged(LATER)
    apply(platform, expected_catalog=capping)

    assert [(each.entry.term, each.lost) for each in before] == [("features/audio", 1), ("limits/calls", 1)]
    assert platform.acknowledged(LATER) == before


def test_a_head_says_when_a_rollout_last_moved_holders_to_its_current_revision(platform: Platform) -> None:
    for client_id in "abc":
        with_client(platform, client_id)
    assert [head.stepped_at for head in platform.packages()] == [None]
    step = Move(ClientQuestion("basic", (1,), (OneOf(("a",)),)), 1, pace=Pace())

    write = PackageWrite("basic", definition(title="Basic 2"), version(platform, "basic"))
    run = apply(platform, writes=(write,), moves=(step,))
    assert [head.stepped_at for head in platform.packages()] == [run.at]

    by_hand = Move(ClientQuestion("basic", (1,), (OneOf(("b",)),)), 1)
    nobody = Move(ClientQuestion("basic", (1,), (OneOf(("x",)),)), 1, pace=Pace())
    apply(platform, moves=(by_hand, nobody))
    assert [head.stepped_at for head in platform.packages()] == [run.at]

    platform.edit_package("basic", definition(title="Basic 3"), LATER)
    assert [head.stepped_at for head in platform.packages()] == [None]


@needs("snapshots=assignment")
@pytest.mark.parametrize(
    ("pace", "days"),
    [(Pace(every=1), 1), (Pace(every=7), 7), (Pace(not_before=(LATER + timedelta(days=3)).date()), 3)],
)
def test_a_step_before_its_day_moves_nobody(platform: Platform, pace: Pace, days: int) -> None:
    for client_id in "ab":
        with_client(platform, client_id)
    first = Move(replace(HOLDERS, conditions=(OneOf(("a",)),)), 1, pace=Pace())
    write = PackageWrite("basic", definition(title="Basic 2"), version(platform, "basic"))
    apply(platform, writes=(write,), moves=(first,))
    due = LATER.replace(hour=0) + timedelta(days=days)

    with pytest.raises(StaleError):
        apply(platform, moves=(Move(HOLDERS, 1, pace=pace),), at=due - timedelta(seconds=1))

    assert len(platform.runs()) == 1
    assert apply(platform, moves=(Move(HOLDERS, 1, pace=pace),), at=due).moved == 1


def test_a_new_revision_begins_a_rollout_that_waits_for_no_step_of_the_one_before(platform: Platform) -> None:
    with_client(platform)
    for title in ("Basic 2", "Basic 3"):
        held = ClientQuestion("basic", tuple(range(1, platform.packages()[0].revision + 1)))
        write = PackageWrite("basic", definition(title=title), version(platform, "basic"))

        run = apply(platform, writes=(write,), moves=(Move(held, 1, pace=Pace(every=7)),))

        assert run.moved == 1


def test_what_a_run_parks_stays_parked_until_a_run_releases_it(platform: Platform) -> None:
    basic, mail = Parking("basic", f"sha256:{'a' * 64}"), Parking("/features/mail", f"sha256:{'b' * 64}")
    later = replace(basic, file=f"sha256:{'c' * 64}")
    first = apply(platform, parks=(basic, mail)).id

    apply(platform)
    before = platform.parked()
    second = apply(platform, parks=(later,), releases=(basic, mail)).id
    apply(platform, releases=(basic,))

    assert before == (Parked(mail.subject, mail.file, first), Parked(basic.subject, basic.file, first))
    assert platform.parked() == (Parked(later.subject, later.file, second),)
