"""What is done to clients is done in the product, and what a hand did there is taken back where it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import BlockedError
from reconciler.model.clients import ClientLine, ClientUpdate
from reconciler.model.plans import EventUndone

if TYPE_CHECKING:
    from reconciler.model.events import Event
    from tests.live.beside.switchboard import Switchboard
    from tests.shop import Shop


@pytest.fixture
def held(shop: Shop) -> Shop:
    """Two packages, one of which a client holds."""
    shop.package("pro", features=["chat", "calls"])
    shop.package("solo", features=["chat"])
    shop.apply()
    shop.clients("acme", package="pro", usage=None)
    return shop


def newest(held: Shop, kind: str) -> Event:
    return [each for each in held.platform.events() if each.kind == kind and each.part_of is None][-1]


def test_a_client_who_is_disabled_has_nothing_in_the_product(held: Shop, board: Switchboard) -> None:
    held.platform.update_client(ClientUpdate("acme", status="disabled"), held.at)

    assert board.board()["holders"] == {}
    assert held.client("acme").status == "disabled"


def test_a_client_who_is_active_again_has_its_package_again(held: Shop, board: Switchboard) -> None:
    held.platform.update_client(ClientUpdate("acme", status="disabled"), held.at)

    held.platform.update_client(ClientUpdate("acme", status="active"), held.at)

    assert board.board()["holders"] == {"acme": "pro"}


def test_a_forgotten_client_is_one_no_more_in_the_product_either(held: Shop, board: Switchboard) -> None:
    held.platform.forget_client("acme", held.at)

    assert board.board()["holders"] == {}
    assert [*held.platform.clients(held.at)] == []


def test_the_id_that_stands_for_a_forgotten_client_has_its_package(held: Shop, board: Switchboard) -> None:
    held.platform.forget_client("acme", held.at, replaced_by="c-1")

    assert board.board()["holders"] == {"c-1": "pro"}
    assert [each.id for each in held.platform.clients(held.at)] == ["c-1"]


@pytest.mark.parametrize("kind", ["assign", "import", "edit"])
def test_what_a_hand_did_is_not_taken_back_and_it_is_said_why(
    held: Shop, board: Switchboard, kind: str
) -> None:
    held.platform.assign("acme", "solo", held.at)
    board.by_hand("pro", features=["chat"])

    with pytest.raises(BlockedError, match="keeps no snapshots") as raised:
        held.plan(aim=EventUndone(newest(held, kind).id))

    assert "clients assign" in raised.value.hint
    assert board.board()["holders"] == {"acme": "solo"}


def test_a_package_that_is_for_nobody_in_the_product_takes_no_client_with_users(
    held: Shop, board: Switchboard
) -> None:
    """The product shows no user count, which no file could leave out."""
    board.by_hand("solo", user_count=0)
    line = ClientLine("bolt", 1, "Bolt", "ops@bolt.example", package="solo", users=1)

    with pytest.raises(BlockedError, match="package `solo` is for 0 users, and it has 1"):
        held.platform.add_client(line, held.at)

    assert board.board()["holders"] == {"acme": "pro"}
