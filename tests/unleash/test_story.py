"""The whole story against a real Unleash: planned, blocked, stated, applied, undone, and edited by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import BlockedError
from reconciler.model.plans import RunUndone
from tests.shop import change_of, counts

if TYPE_CHECKING:
    from tests.shop import Shop
    from tests.unleash.console import Console

LOSS = {"removes": "calls", "clients": 2, "reason": "It is gone.", "until": "2026-12-31"}


def test_a_package_from_its_file_to_the_product_and_back(shop: Shop, console: Console) -> None:
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 50})
    shop.package("solo", features=["chat"], user_count="unlimited")
    assert [each.key for each in shop.plan().changes] == ["pro", "solo"]

    shop.apply()
    shop.clients("acme", "bolt", package="pro", usage=None)
    assert console.clients("pro") == ["acme", "bolt"]
    assert (console.has("features.calls", "acme"), console.has("features.calls", "else")) == (True, False)
    assert shop.plan().changes == ()

    shop.package("pro", features=["chat"])
    with pytest.raises(BlockedError, match="acknowledge blocks pro"):
        shop.apply()
    assert console.has("features.calls", "acme")

    shop.package("pro", features=["chat"], acknowledge=[LOSS])
    reviewed = shop.plan()
    assert counts(change_of(reviewed, "pro"))["feature-removed", "calls"] == (0, 2, 0, 0)
    run = shop.apply(reviewed)
    assert (console.has("features.calls", "acme"), console.has("features.chat", "acme")) == (False, True)
    assert run.moved == 2

    console.take("features.chat", "pro")
    drift = shop.plan()
    assert [each.path for each in change_of(drift, "pro").fields] == ["/features/chat"]
    assert change_of(drift, "pro").origin == "platform"
    shop.apply()
    assert console.has("features.chat", "bolt")

    shop.apply(aim=RunUndone(run.id))
    assert console.has("features.calls", "acme")
    assert shop.plan().changes == ()


def test_a_flag_that_is_switched_off_grants_nothing_to_anybody(shop: Shop, console: Console) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()

    console.switch_off("features.chat")

    assert [each.path for each in change_of(shop.plan(), "pro").fields] == ["/features/chat"]
    shop.apply()
    assert shop.plan().changes == ()


def test_a_feature_that_no_package_has_any_more_is_nobodys(shop: Shop, console: Console) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()

    shop.package("pro", features=[])
    shop.apply()

    assert not console.has("features.chat", "anybody")


def test_as_many_clients_as_a_segment_bears_are_taken_and_one_more_is_refused(
    shop: Shop, console: Console
) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()
    console.name_clients("pro", *(f"client-{number}" for number in range(999)))

    shop.clients("the-last", package="pro", usage=None)

    assert len(console.clients("pro")) == 1000

    with pytest.raises(BlockedError, match="takes 1,000"):
        shop.clients("one-more", package="pro", usage=None)

    assert len(console.clients("pro")) == 1000


def test_a_client_who_is_disabled_has_nothing(shop: Shop, console: Console) -> None:
    shop.package("pro", features=["chat"])
    shop.apply()
    shop.clients("acme", package="pro", usage=None)

    shop.clients("acme", package="pro", usage=None, status="disabled")

    assert not console.has("features.chat", "acme")
    assert shop.client("acme").subscription.status == "suspended"
