"""Clients move from one package to another by a plan: told beforehand, with their term kept or new."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, with_catalog
from reconciler.conformance.claims import claimed  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, StaleError, WrongUsageError
from reconciler.model.grants import Extending, Granting
from reconciler.model.plans import ClientsMoved, RunUndone
from reconciler.model.settings import Guards
from reconciler.model.transfers import Felt, Transfer
from reconciler.planning.events import verify

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client

NEEDS: tuple[str, ...] = ("snapshots=assignment", "expiry", "allowed_emails", "usage", "grants")
"""What every check here needs."""

DAY = timedelta(days=1)
MUCH_LATER = LATER + DAY


def move_to(to_package: str = "small", *clients: str, keeps_term: bool = True) -> ClientsMoved:
    return ClientsMoved("large", to_package, keeps_term, clients or None)


def sold(platform: Platform, *ids: str, **stated: Any) -> None:
    """Have two packages, the smaller of which ends after 30 days, and clients on the larger one."""
    if platform.package("large") is None:
        with_catalog(platform)
        platform.edit_package(
            "large",
            definition("Large", features=["audio", "chat", "agent"], ai_credits=100, limits={"sources": 9}),
            NOW,
        )
        platform.edit_package(
            "small",
            definition("Small", features=["chat", "agent"], ai_credits=50, expiry="30 days"),
            NOW,
        )
    for each in ids or ("acme",):
        platform.add_client(line(each, package="large", **stated), NOW)


def moved(platform: Platform, of: ClientsMoved, losing: int = 0, ended: int = 0, **contents: Any) -> Run:
    return apply(
        platform, transfer=Transfer(of, losing, ended), **{"reason": "Large is no more.", **contents}
    )


def client(platform: Platform, client_id: str = "acme") -> Client:
    return platform.client(client_id, LATER)


def test_who_would_move_is_told_with_what_it_loses_and_uses(platform: Platform) -> None:
    sold(platform, "acme", usage={"audio": 3, "ai_credits": 60})
    sold(platform, "bolt", usage={})

    (told,) = platform.foresee_transfers(move_to(), LATER).returns

    assert (told.package, told.revision, told.to_package, told.to_revision) == ("large", 1, "small", 1)
    assert (told.term, told.clients, told.losing, told.losing_in_use, told.ended) == ("kept", 2, 2, 1, 0)
    audio = Felt("feature-removed", "/features/audio", 2, 1, 1, (True,), None, ("acme", "bolt"))
    credits_ = Felt("ai-credits-lowered", "/ai_credits", 2, 1, 1, (100,), 50, ("acme", "bolt"))
    assert {audio, credits_} <= {*told.felt}
    assert Felt("expiry-shortened", "/expiry", 2, 0, 0, (None,), "30 days", ("acme", "bolt")) in told.felt


def test_a_kept_term_keeps_start_extension_and_usage_and_counts_the_new_expiry_from_there(
    platform: Platform,
) -> None:
    sold(platform, usage={"chat": 7})

    run = moved(platform, move_to(), losing=1)

    now = client(platform)
    assert (now.subscription.package, now.subscription.revision) == ("small", 1)
    assert (now.subscription.assigned_at, now.subscription.expires_at) == (NOW, NOW + 30 * DAY)
    assert now.usage == {"chat": 7}
    assert run.moved == 1
    assert [each["reassignment"]["term"] for each in run.changes] == ["kept"]


def test_a_new_term_starts_at_the_apply_with_a_new_cycle(platform: Platform) -> None:
    sold(platform, usage={"ai_credits": 60, "sources": 4})

    moved(platform, move_to(keeps_term=False), losing=1)

    now = client(platform)
    assert (now.subscription.assigned_at, now.subscription.expires_at) == (LATER, LATER + 30 * DAY)
    assert now.usage == {"sources": 4}


def test_an_extension_goes_on_with_a_kept_term_and_ends_with_a_new_one(platform: Platform) -> None:
    sold(platform, "acme", "bolt")
    for each in ("acme", "bolt"):
        platform.assign(each, "small", NOW)
        platform.adjust(each, Extending(NOW + 90 * DAY), NOW)
    platform.edit_package("small", definition("Small", expiry="20 days"), NOW)
    to = "large"

    apply(platform, transfer=Transfer(ClientsMoved("small", to, True, ("acme",)), 1, 0), reason="Asked.")
    apply(platform, transfer=Transfer(ClientsMoved("small", to, False, ("bolt",)), 1, 0), reason="Asked.")

    extended = [client(platform, each).subscription.extended_to for each in ("acme", "bolt")]
    assert extended == [NOW + 90 * DAY, None]


def test_grants_that_end_with_it_are_told_and_end(platform: Platform) -> None:
    sold(platform)
    for until in (NOW + 90 * DAY, "cycle", "subscription", "reassigned"):
        platform.adjust("acme", Granting("ai_credits", until, add=10), NOW)

    kept = platform.foresee_transfers(move_to(), LATER).returns[0].grants_ending
    moved(platform, move_to(), losing=1)
    after_kept = {each.until for each in client(platform).grants}
    moved(platform, ClientsMoved("small", "large", False), at=MUCH_LATER, reason="Back.")

    assert kept == 1
    assert after_kept == {NOW + 90 * DAY, "cycle", "subscription"}
    assert {each.until for each in platform.client("acme", MUCH_LATER).grants} == {NOW + 90 * DAY}


def test_what_a_grant_gives_as_well_is_not_lost(platform: Platform) -> None:
    sold(platform)
    platform.adjust("acme", Granting("features/audio", NOW + 90 * DAY), NOW)

    (told,) = platform.foresee_transfers(move_to(), LATER).returns

    assert "/features/audio" not in {each.path for each in told.felt}


def test_only_named_clients_move_where_some_are(platform: Platform) -> None:
    sold(platform, "acme", "bolt", "dent")
    platform.assign("dent", "small", NOW)

    transfers = platform.foresee_transfers(move_to("small", "acme", "dent"), LATER)
    moved(platform, move_to("small", "acme", "dent"), losing=1)

    assert (transfers.returns[0].clients, transfers.changed) == (1, 1)
    assert [client(platform, each).subscription.package for each in ("acme", "bolt")] == ["small", "large"]


def test_all_are_those_with_an_active_subscription_and_a_named_one_may_be_suspended(
    platform: Platform,
) -> None:
    sold(platform, "acme")
    sold(platform, "bolt", status="disabled")

    everybody = platform.foresee_transfers(move_to(), LATER).returns
    named = platform.foresee_transfers(move_to("small", "bolt"), LATER).returns

    assert [(each.clients, each.losing) for each in everybody] == [(1, 1)]
    assert [(each.clients, each.losing) for each in named] == [(1, 0)]


def test_whoever_the_list_of_emails_leaves_out_stays(platform: Platform) -> None:
    sold(platform, "acme", "bolt")
    listed = definition("Small", allowed_emails=["ops@acme.example"])
    platform.edit_package("small", listed, NOW)

    transfers = platform.foresee_transfers(move_to(), LATER)
    moved(platform, move_to(), losing=1)

    assert (transfers.returns[0].clients, transfers.barred) == (1, 1)
    assert [client(platform, each).subscription.package for each in ("acme", "bolt")] == ["small", "large"]


def test_a_move_is_refused_where_there_is_nothing_to_move_to(platform: Platform) -> None:
    sold(platform)
    platform.edit_package("small", definition("Small"), NOW, archived=True)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(move_to(), LATER)
    for wrong in (
        move_to("large"),
        move_to("none"),
        move_to("small", "nobody"),
        ClientsMoved("none", "large", True),
    ):
        with pytest.raises((WrongUsageError, BlockedError)):
            platform.foresee_transfers(wrong, LATER)


def test_a_move_without_a_reason_is_refused(platform: Platform) -> None:
    sold(platform)

    with pytest.raises(BlockedError, match="reason"):
        moved(platform, move_to(), losing=1, reason="")

    assert client(platform).subscription.package == "large"


def test_more_who_lose_something_than_planned_make_a_move_stale(platform: Platform) -> None:
    sold(platform, "acme", "bolt")

    with pytest.raises(StaleError):
        moved(platform, move_to(), losing=1)

    assert client(platform).subscription.package == "large"


def test_the_platform_holds_its_guards_itself_where_more_than_one_client_moves(platform: Platform) -> None:
    sold(platform, "acme", "bolt", "dent")
    apply(platform, guards=Guards(clients_losing=0))

    moved(platform, move_to("small", "acme"), losing=1)
    with pytest.raises(BlockedError):
        moved(platform, move_to(), losing=2)
    moved(platform, move_to(), losing=2, allowed=("clients_losing:large",))

    assert {client(platform, each).subscription.package for each in ("acme", "bolt", "dent")} == {"small"}


def test_a_protected_package_lets_nobody_be_moved_out_who_loses_by_it(platform: Platform) -> None:
    sold(platform)
    apply(platform, guards=Guards(protected=("large",)))

    with pytest.raises(BlockedError):
        moved(platform, move_to(), losing=1)
    moved(platform, move_to(), losing=1, allowed=("protected:large",))

    assert client(platform).subscription.package == "small"


@pytest.mark.parametrize("keeps_term", [True, False])
def test_taking_back_the_run_gives_back_the_former_package_and_term(
    platform: Platform, *, keeps_term: bool
) -> None:
    sold(platform, "acme", "bolt")
    run = moved(platform, move_to(keeps_term=keeps_term), losing=2)
    platform.assign("bolt", "large", MUCH_LATER)

    transfers = platform.foresee_transfers(RunUndone(run.id), MUCH_LATER + DAY)
    apply(platform, at=MUCH_LATER + DAY, transfer=Transfer(RunUndone(run.id), 0, 0))

    (back,) = transfers.returns
    assert (back.clients, back.to_package, back.gaining, transfers.changed) == (1, "large", 1, 1)
    now = client(platform).subscription
    assert (now.package, now.assigned_at, now.expires_at) == ("large", NOW, None)
    assert client(platform, "bolt").subscription.assigned_at == MUCH_LATER


def test_whom_a_rollback_moved_back_lost_nothing(platform: Platform) -> None:
    sold(platform, "acme", "bolt")
    run = moved(platform, move_to(), losing=2)
    before = platform.lost_since(LATER).clients

    apply(platform, at=MUCH_LATER, transfer=Transfer(RunUndone(run.id), 0, 0))

    assert (before, platform.lost_since(LATER).clients) == (2, 0)


def test_a_move_is_an_event_per_client_with_author_and_reason(platform: Platform) -> None:
    sold(platform)

    run = moved(platform, move_to(), losing=1)

    (event,) = [each for each in platform.events() if each.kind == "move"]
    assert (event.client, event.reason, event.run) == ("acme", "Large is no more.", run.id)
    assert "ada" in {event.author, event.on_behalf_of}
    assert event.before is not None
    assert event.after is not None
    assert (event.before["package"], event.after["package"], event.lost) == ("large", "small", True)
    assert verify(platform.events()).faults == ()
    assert next(platform.client_history("acme")).run == run.id
