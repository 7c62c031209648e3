"""Keys that packages and features give each other, on a platform that has no transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from reconciler.conformance.building import apply, definition, version
from reconciler.errors import BlockedError
from reconciler.model.changesets import PackageWrite
from tests.shop import CATALOG

if TYPE_CHECKING:
    from tests.live.beside.switchboard import Switchboard
    from tests.shop import Shop


@pytest.fixture
def held(shop: Shop) -> Shop:
    """Two packages, each with a client."""
    shop.package("a", features=["chat"])
    shop.package("b", features=["calls"])
    shop.apply()
    shop.clients("acme", package="a", usage=None)
    shop.clients("bolt", package="b", usage=None)
    return shop


def granted(board: Switchboard) -> dict[str, list[str]]:
    """What the product gives each client."""
    found = board.board()
    return {id_: found["packages"][key]["terms"]["features"] for id_, key in found["holders"].items()}


def test_packages_swap_keys_by_way_of_a_third_one(held: Shop, board: Switchboard) -> None:
    for old, new, feature in (("a", "c", "chat"), ("b", "a", "calls"), ("c", "b", "chat")):
        held.remove(old)
        held.package(new, title=feature, features=[feature], renamed_from=old)
        held.apply()
        held.package(new, title=feature, features=[feature])

    assert board.board()["holders"] == {"acme": "b", "bolt": "a"}
    assert granted(board) == {"acme": ["chat"], "bolt": ["calls"]}
    assert held.plan().changes == ()


def test_writes_that_swap_keys_are_refused_before_anything_is_written(held: Shop, board: Switchboard) -> None:
    before = board.board()
    writes = tuple(
        PackageWrite(new, definition(new), version(held.platform, old), renamed_from=old)
        for old, new in (("a", "b"), ("b", "a"))
    )

    with pytest.raises(BlockedError, match="swap the keys a and b") as raised:
        apply(held.platform, writes=writes)

    assert "Rename one of them" in raised.value.hint
    assert board.board() == before


def test_features_that_swap_packages_are_lost_and_gained_at_once(held: Shop, board: Switchboard) -> None:
    until = "2026-12-31"
    for key, old, new in (("a", "chat", "calls"), ("b", "calls", "chat")):
        loss = {"removes": old, "clients": 1, "reason": "They are swapped.", "until": until}
        held.package(key, features=[new], acknowledge=[loss])
    made = held.plan()

    held.apply(made)

    assert (made.summary.clients_losing, made.summary.clients_gaining) == (2, 2)
    assert granted(board) == {"acme": ["calls"], "bolt": ["chat"]}
    assert held.plan().changes == ()


def test_a_feature_that_has_another_key_is_in_the_packages_under_that_one(
    held: Shop, board: Switchboard
) -> None:
    renamed = {**CATALOG["features"], "talk": {"title": "Calls"}}
    del renamed["calls"]
    limits = {**CATALOG["limits"], "minutes": {**CATALOG["limits"]["minutes"], "feature": "talk"}}
    (held.root / "catalog.yaml").write_text(yaml.safe_dump({"features": renamed, "limits": limits}))
    loss = {"removes": "calls", "clients": 1, "reason": "It is called talk.", "until": "2026-12-31"}
    held.package("b", features=["talk"], acknowledge=[loss])

    held.apply()

    assert granted(board)["bolt"] == ["talk"]
    assert held.plan().changes == ()
