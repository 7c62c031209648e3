"""A grant, a revocation and an extension are taken back like assignments, where that still can hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, only, with_catalog
from reconciler.conformance.claims import claimed  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError, StaleError
from reconciler.model.catalog import NO_TERMS
from reconciler.model.events import Author
from reconciler.model.grants import Extending, Granting, Revoking
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.model.transfers import Transfer
from reconciler.planning.events import verify

if TYPE_CHECKING:
    from reconciler.live.port import Platform
    from reconciler.model.changesets import Run
    from reconciler.model.clients import Client
    from reconciler.model.grants import Grant, Until

NEEDS: tuple[str, ...] = ("snapshots=assignment", "expiry", "grants")
"""What every check here needs."""

DAY = timedelta(days=1)
SOON = LATER + DAY
ADA = Author("ada", reason="They asked for it.")


def holding(platform: Platform, **stated: Any) -> None:
    """Have a client of a package that ends after 30 days."""
    with_catalog(platform)
    platform.edit_package("basic", definition(limits={"sources": 9}, expiry="30 days"), NOW)
    platform.add_client(line("acme", **stated), NOW)


def granted(
    platform: Platform, term: str = "sources", until: Until = NOW + 20 * DAY, **amounts: Any
) -> Grant:
    known = {each.id for each in platform.client("acme", LATER).grants}
    amounts = amounts or ({} if term.startswith("features/") else {"add": 5})
    platform.adjust("acme", Granting(term, until, **amounts), LATER, by=ADA)
    (new,) = (each for each in platform.client("acme", LATER).grants if each.id not in known)
    return new


def last_of(platform: Platform, kind: str) -> EventUndone:
    return EventUndone([each.id for each in platform.events() if each.kind == kind][-1])


def undone(platform: Platform, of: EventUndone | RunUndone, losing: int = 0, ended: int = 0) -> Run:
    return apply(platform, at=SOON, transfer=Transfer(of, losing, ended))


def acme(platform: Platform) -> Client:
    return platform.client("acme", SOON)


def test_a_grant_taken_back_is_told_with_what_is_lost_and_used_and_is_gone(platform: Platform) -> None:
    holding(platform, usage={"sources": 12})
    granted(platform)
    of = last_of(platform, "grant")

    (told,) = platform.foresee_transfers(of, SOON).returns
    run = undone(platform, of, losing=1)

    (felt,) = told.felt
    assert (told.package, told.to_package, told.term, told.clients) == ("basic", "basic", "same", 1)
    assert (felt.path, felt.before, felt.after, felt.lose, felt.over) == ("/limits/sources", (14,), 9, 1, 1)
    assert (acme(platform).grants, run.moved) == ((), 0)
    assert acme(platform).subscription.assigned_at == NOW


@pytest.mark.parametrize("until", [NOW + 20 * DAY, "cycle", "subscription", "reassigned"])
def test_a_revocation_taken_back_gives_the_same_grant_again(platform: Platform, until: Until) -> None:
    holding(platform)
    grant = granted(platform, until=until)
    platform.adjust("acme", Revoking(grant.id), LATER)

    undone(platform, last_of(platform, "revoke"))

    assert acme(platform).grants == (grant,)
    platform.assign("acme", "basic", SOON)
    assert [each.until for each in acme(platform).grants] == ([until] if until == NOW + 20 * DAY else [])


def test_an_extension_taken_back_gives_back_the_former_end(platform: Platform) -> None:
    holding(platform)
    platform.adjust("acme", Extending(NOW + 60 * DAY), NOW)
    platform.adjust("acme", Extending(NOW + 90 * DAY), LATER)

    undone(platform, last_of(platform, "extend"), losing=1)

    held = acme(platform).subscription
    assert (held.extended_to, held.expires_at) == (NOW + 60 * DAY, NOW + 60 * DAY)


def test_an_extension_taken_back_that_ends_the_subscription_at_once_is_told_and_bounded(
    platform: Platform,
) -> None:
    holding(platform, assigned_at=NOW - 29 * DAY)
    platform.adjust("acme", Extending(NOW + 60 * DAY), NOW)
    of = last_of(platform, "extend")

    (told,) = platform.foresee_transfers(of, SOON).returns

    assert (told.losing, told.ended) == (1, 1)
    with pytest.raises(StaleError):
        undone(platform, of, losing=1)


def test_what_was_taken_back_is_given_again_by_taking_back_the_run(platform: Platform) -> None:
    holding(platform)
    grant = granted(platform)
    run = undone(platform, last_of(platform, "grant"), losing=1)

    again = undone(platform, RunUndone(run.id))

    assert acme(platform).grants == (grant,)
    undone(platform, RunUndone(again.id), losing=1)
    assert acme(platform).grants == ()
    assert verify(platform.events()).faults == ()


def test_a_grant_that_was_revoked_since_is_not_taken_back(platform: Platform) -> None:
    holding(platform)
    grant = granted(platform)
    of = last_of(platform, "grant")
    platform.adjust("acme", Revoking(grant.id), LATER)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(of, SOON)
    with pytest.raises(BlockedError):
        undone(platform, of, losing=1)


@pytest.mark.parametrize("until", ["cycle", "subscription", "reassigned"])
def test_a_grant_whose_occasion_has_passed_is_not_given_again(platform: Platform, until: Until) -> None:
    holding(platform)
    platform.adjust("acme", Revoking(granted(platform, until=until).id), LATER)
    platform.assign("acme", "basic", SOON)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(last_of(platform, "revoke"), SOON)


def test_a_grant_whose_day_has_passed_is_not_given_again(platform: Platform) -> None:
    holding(platform)
    platform.adjust("acme", Revoking(granted(platform, until=SOON).id), LATER)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(last_of(platform, "revoke"), SOON)


def test_a_grant_is_not_given_twice(platform: Platform) -> None:
    holding(platform)
    platform.adjust("acme", Revoking(granted(platform).id), LATER)
    of = last_of(platform, "revoke")
    undone(platform, of)

    with pytest.raises(BlockedError):
        undone(platform, of)


def test_a_grant_of_what_the_catalog_has_no_more_is_not_given_again(platform: Platform) -> None:
    holding(platform)
    platform.adjust("acme", Revoking(granted(platform, "features/audio").id), LATER)
    apply(platform, catalog=NO_TERMS, expected_catalog=only("audio"))

    with pytest.raises(BlockedError):
        platform.foresee_transfers(last_of(platform, "revoke"), SOON)


def test_an_extension_that_was_extended_again_is_not_taken_back(platform: Platform) -> None:
    holding(platform)
    platform.adjust("acme", Extending(NOW + 60 * DAY), NOW)
    of = last_of(platform, "extend")
    platform.adjust("acme", Extending(NOW + 90 * DAY), LATER)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(of, SOON)


def test_nothing_is_taken_back_of_who_was_forgotten(platform: Platform) -> None:
    holding(platform)
    granted(platform)
    of = last_of(platform, "grant")
    platform.forget_client("acme", LATER)

    with pytest.raises(BlockedError):
        platform.foresee_transfers(of, SOON)
