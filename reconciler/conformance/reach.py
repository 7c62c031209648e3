"""Platforms that cannot do everything: edits reach holders by themselves, and what cannot be is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import (
    LATER,
    NOW,
    apply,
    definition,
    line,
    version,
    with_catalog,
    with_client,
)
from reconciler.conformance.claims import claimed, needs  # noqa: F401 - a fixture of whoever takes the checks in
from reconciler.errors import BlockedError
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.grants import Granting
from reconciler.model.questions import ClientQuestion, UsesMoreThan

if TYPE_CHECKING:
    from reconciler.live.port import Platform


@needs("snapshots=none")
def test_an_edit_by_hand_reaches_all_who_hold_the_package(platform: Platform) -> None:
    with_client(platform)

    platform.edit_package("basic", definition(features=["audio"]), LATER)

    client = platform.client("acme", LATER)
    assert client.entitlements.features == ("audio",)
    assert client.subscription.revision == client.subscription.current_revision
    assert platform.outdated(LATER) == ()


@needs("snapshots=none")
def test_an_edit_by_an_apply_reaches_all_who_hold_the_package(platform: Platform) -> None:
    with_client(platform)
    platform.add_client(line("away", status="disabled"), NOW)
    write = PackageWrite("basic", definition(features=["audio"]), version(platform, "basic"))

    run = apply(platform, writes=(write,), moves=(Move(ClientQuestion("basic", (1,)), None),))

    assert run.moved == 1
    assert platform.client("acme", LATER).entitlements.features == ("audio",)
    assert {client.subscription.revision for client in platform.clients(LATER)} == {2}


@needs("snapshots=none")
def test_what_an_edit_took_from_its_holders_is_counted(platform: Platform) -> None:
    with_client(platform)

    platform.edit_package("basic", definition(features=[]), LATER)

    assert platform.lost_since(LATER).clients == 1


@needs("no usage")
def test_usage_that_nobody_meters_is_refused_and_unknown(platform: Platform) -> None:
    with_client(platform)

    with pytest.raises(BlockedError):
        platform.record_usage("acme", "chat", 1, LATER)
    (answer,) = platform.answers([ClientQuestion("basic", (1,), (UsesMoreThan("chat", 0),))], LATER, sample=1)

    assert not answer.complete
    assert [*platform.consumption("basic", "chat", LATER)] == []


@needs("no expiry")
def test_expiry_is_refused_where_nothing_ends(platform: Platform) -> None:
    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition(expiry="1 month"), NOW)

    assert platform.packages() == ()


@needs("no allowed_emails")
def test_emails_are_refused_where_nothing_keeps_a_package_to_some(platform: Platform) -> None:
    with pytest.raises(BlockedError):
        platform.edit_package("basic", definition(allowed_emails=["ops@acme.example"]), NOW)

    assert platform.packages() == ()


@needs("no grants")
def test_what_nobody_can_be_granted_is_refused(platform: Platform) -> None:
    with_catalog(platform)
    with_client(platform)

    with pytest.raises(BlockedError):
        platform.adjust("acme", Granting("audio", LATER + timedelta(weeks=1)), LATER)

    assert platform.client("acme", LATER).entitlements.features == ("chat",)
