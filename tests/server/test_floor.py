"""Guards of a server's own, which hold whatever applies record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from reconciler.conformance.building import LATER, NOW, apply, definition, version, with_client
from reconciler.conformance.guards import taking
from reconciler.errors import BlockedError
from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.model.settings import LOOSEST
from reconciler.sources.settings import required_settings

if TYPE_CHECKING:
    from pathlib import Path

URL = "sqlite:///platform.db"


def test_a_floor_holds_where_an_apply_says_less(tmp_path: Path) -> None:
    with open_served(URL, root=tmp_path, floor=replace(LOOSEST, clients_losing=0)) as (platform, _):
        with_client(platform)
        apply(platform, guards=LOOSEST)

        with pytest.raises(BlockedError, match="clients_losing blocks basic"):
            taking(platform)


def test_a_floor_holds_for_a_platform_that_has_no_guards(tmp_path: Path) -> None:
    with open_served(URL, root=tmp_path, floor=replace(LOOSEST, protected=("basic",))) as (platform, _):
        with_client(platform)

        with pytest.raises(BlockedError, match="protected blocks basic") as caught:
            platform.edit_package("basic", definition(features=["audio"]), LATER)

        assert version(platform, "basic") == 1
    assert "--allow" not in caught.value.hint


def test_a_floor_holds_for_imports(tmp_path: Path) -> None:
    with open_served(URL, root=tmp_path, floor=replace(LOOSEST, clients_losing=0)) as (platform, _):
        for client in ("acme", "bluebird"):
            with_client(platform, client)
        platform.edit_package("less", definition("Less", features=["audio"]), NOW)
        lines = [ClientLine(client, 1, package="less") for client in ("acme", "bluebird")]

        with pytest.raises(BlockedError, match="would lose something"):
            platform.import_clients(lines, LATER, assign="unlimited")


def test_what_a_floor_leaves_out_is_not_bounded_by_it(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        "environments: {local: {platform: 'sqlite:///platform.db'}}\n"
        "server: {guards: {clients_losing: 2%, protected: [enterprise]}}\n"
    )

    floor = required_settings(tmp_path / "reconciler.yaml").server.floor

    assert floor is not None
    assert floor.as_document() == {
        "archives": "unlimited",
        "clients_losing": "2%",
        "acknowledge": "never",
        "protected": ("enterprise",),
    }
