"""What hands did is taken back: whoever still holds what it was given holds again what it held before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, version, with_client
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import StaleError, WrongUsageError
from reconciler.model.changesets import PackageWrite
from reconciler.model.clients import ClientLine
from reconciler.model.events import Author
from reconciler.model.grants import Extending
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.model.transfers import Felt, Transfer
from reconciler.planning.events import verify

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Subscription

NEEDS: tuple[str, ...] = ("snapshots=assignment", "expiry")
"""What every check here needs."""

MUCH_LATER = LATER + timedelta(days=2)
ADA = Author("ada")


def newest(platform: Platform, kind: str) -> str:
    """Return the id of the last event of a kind, that of an import as a whole."""
    found = [each for each in platform.events() if each.kind == kind and each.part_of is None]
    return found[-1].id


def held(platform: Platform, client_id: str = "acme") -> Subscription:
    return platform.client(client_id, MUCH_LATER).subscription


def assigned_another(platform: Platform, client_id: str = "acme") -> EventUndone:
    """Have a client that uses audio assigned a package without it."""
    if platform.package("full") is None:
        platform.edit_package("full", definition("Full", features=["audio", "chat"]), NOW)
        platform.edit_package("less", definition("Less", expiry="30 days"), NOW)
    platform.add_client(line(client_id, package="full", usage={"audio": 3}), NOW)
    platform.assign(client_id, "less", LATER, by=ADA)
    return EventUndone(newest(platform, "assign"))


def undone(platform: Platform, of: EventUndone | RunUndone, losing: int = 0, ended: int = 0) -> Run:
    return apply(platform, at=MUCH_LATER, transfer=Transfer(of, losing, ended))


def test_who_would_go_back_is_told_with_what_it_gains(platform: Platform) -> None:
    of = assigned_another(platform)

    transfers = platform.foresee_transfers(of, MUCH_LATER)

    (back,) = transfers.returns
    assert transfers.event is not None
    assert (transfers.event.id, transfers.changed, transfers.added) == (of.event, 0, 0)
    assert (back.package, back.revision, back.to_package, back.to_revision) == ("less", 1, "full", 1)
    assert (back.clients, back.losing, back.gaining, back.ended) == (1, 0, 1, 0)
    assert set(back.felt) == {
        Felt("feature-added", "/features/audio", 1, before=(None,), after=True, sample=("acme",)),
        Felt("expiry-extended", "/expiry", 1, before=("30 days",), sample=("acme",)),
    }


def test_an_assignment_taken_back_gives_back_package_revision_start_and_end(platform: Platform) -> None:
    of = assigned_another(platform)
    before = held(platform)

    run = undone(platform, of)

    now = held(platform)
    assert (before.package, now.package, now.revision) == ("less", "full", 1)
    assert (now.assigned_at, now.expires_at) == (NOW, None)
    assert run.moved == 1
    assert [each["reassignment"]["to_package"] for each in run.changes] == ["full"]


@needs("grants")
def test_an_assignment_taken_back_gives_back_the_extension(platform: Platform) -> None:
    platform.edit_package("trial", definition("Trial", expiry="2 days"), NOW)
    platform.edit_package("full", definition("Full"), NOW)
    platform.add_client(line("acme", package="trial"), NOW)
    platform.adjust("acme", Extending(MUCH_LATER + timedelta(days=9)), NOW)
    platform.assign("acme", "full", LATER)

    undone(platform, EventUndone(newest(platform, "assign")), losing=1)

    now = held(platform)
    assert (now.package, now.extended_to, now.expires_at) == ("trial", *[MUCH_LATER + timedelta(days=9)] * 2)


def test_what_was_used_since_stays_used(platform: Platform) -> None:
    of = assigned_another(platform)
    platform.record_usage("acme", "chat", 7, LATER)

    undone(platform, of)

    assert platform.client("acme", MUCH_LATER).usage == {"chat": 7}


def test_whoever_changed_since_stays(platform: Platform) -> None:
    of = assigned_another(platform)
    platform.assign("acme", "less", MUCH_LATER)

    transfers = platform.foresee_transfers(of, MUCH_LATER)
    undone(platform, of)

    assert (transfers.returns, transfers.changed) == ((), 1)
    assert held(platform).assigned_at == MUCH_LATER


def test_an_import_taken_back_gives_everybody_back_what_it_moved_and_leaves_who_was_new(
    platform: Platform,
) -> None:
    for each in ("acme", "bolt"):
        assigned_another(platform, each)
    lines = [ClientLine("acme", 1, package="full"), ClientLine("bolt", 2, package="full")]
    platform.import_clients([*lines, line("new", line=3, package="less")], LATER, assign=2)
    of = EventUndone(newest(platform, "import"))

    transfers = platform.foresee_transfers(of, MUCH_LATER)
    undone(platform, of, losing=2)

    (back,) = transfers.returns
    assert (back.clients, back.losing, transfers.added) == (2, 2, 1)
    assert {felt.code for felt in back.felt} == {"feature-removed", "expiry-shortened"}
    assert {held(platform, each).package for each in ("acme", "bolt", "new")} == {"less"}
    assert held(platform).assigned_at == LATER


def test_more_who_lose_something_than_planned_make_it_stale(platform: Platform) -> None:
    assigned_another(platform)
    platform.assign("acme", "full", LATER + timedelta(hours=1))
    of = EventUndone(newest(platform, "assign"))

    with pytest.raises(StaleError):
        undone(platform, of, losing=0)

    assert held(platform).package == "full"
    undone(platform, of, losing=1)
    assert held(platform).package == "less"


def test_a_subscription_that_would_be_over_is_told_as_ended(platform: Platform) -> None:
    platform.edit_package("trial", definition("Trial", expiry="2 days"), NOW)
    platform.edit_package("full", definition("Full"), NOW)
    platform.add_client(line("acme", package="trial"), NOW)
    platform.assign("acme", "full", LATER)
    of = EventUndone(newest(platform, "assign"))

    (back,) = platform.foresee_transfers(of, MUCH_LATER).returns

    assert (back.losing, back.ended) == (1, 1)
    assert [felt.code for felt in back.felt] == ["subscription-ended"]
    with pytest.raises(StaleError):
        undone(platform, of, losing=1)


def test_what_a_run_took_back_is_given_again_by_taking_back_the_run(platform: Platform) -> None:
    of = assigned_another(platform)
    run = undone(platform, of)

    (back,) = platform.foresee_transfers(RunUndone(run.id), MUCH_LATER).returns
    undone(platform, RunUndone(run.id), losing=1)

    assert (back.package, back.to_package, back.losing) == ("full", "less", 1)
    assert (held(platform).package, held(platform).assigned_at) == ("less", LATER)


def test_what_is_taken_back_is_written_down_and_sealed(platform: Platform) -> None:
    run = undone(platform, assigned_another(platform))

    restored = [each for each in platform.events() if each.kind == "restore"]
    assert [(each.client, each.run) for each in restored] == [("acme", run.id)]
    assert verify(platform.events()).faults == ()
    assert next(platform.client_history("acme")).run == run.id


def test_whom_a_rollback_gave_back_what_it_held_lost_nothing(platform: Platform) -> None:
    of = assigned_another(platform)
    before = platform.lost_since(NOW).clients

    undone(platform, of)

    assert (before, platform.lost_since(NOW).clients) == (1, 0)


def test_a_package_that_was_renamed_since_is_the_same_one(platform: Platform) -> None:
    of = assigned_another(platform)
    write = PackageWrite(
        "whole",
        definition("Whole", features=["audio", "chat"]),
        version(platform, "full"),
        renamed_from="full",
    )
    apply(platform, writes=(write,))

    undone(platform, of)

    assert (held(platform).package, held(platform).revision) == ("whole", 1)


def test_an_edit_says_which_package_it_was_of(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("basic", definition(features=[]), LATER)

    transfers = platform.foresee_transfers(EventUndone(newest(platform, "edit")), MUCH_LATER)

    assert (transfers.package, transfers.returns) == ("basic", ())
    assert transfers.event is not None
    assert transfers.event.before is not None
    assert (transfers.event.before["revision"], transfers.event.before["managed"]) == (1, False)


def test_a_package_made_by_hand_may_be_written_and_stay_that(platform: Platform) -> None:
    platform.edit_package("basic", definition(), NOW)
    write = PackageWrite("basic", definition(features=[]), 1, managed=False)

    apply(platform, writes=(write,))

    (head,) = platform.packages()
    assert (head.revision, head.managed, head.applied_digest) == (2, False, None)


def test_what_was_done_to_nobodys_holding_is_not_taken_back(platform: Platform) -> None:
    with_client(platform)
    apply(platform)

    for kind in ("add", "run"):
        with pytest.raises(WrongUsageError):
            platform.foresee_transfers(EventUndone(newest(platform, kind)), LATER)
    with pytest.raises(WrongUsageError):
        platform.foresee_transfers(EventUndone("none"), LATER)
    with pytest.raises(WrongUsageError):
        platform.foresee_transfers(RunUndone(9), LATER)
