"""A platform that is moved to another database is the same platform."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import CATALOG, LATER, NOW, apply, definition, line
from reconciler.errors import BlockedError, InvalidError, UnreachableError
from reconciler.live.opening import Address, copy_platform, open_platform
from reconciler.model.grants import Extending, Granting
from reconciler.model.packages import RevisionRef
from reconciler.model.settings import Guards

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.live.port import Platform

OLD = "sqlite:///old.db"


def fill(platform: Platform) -> None:
    apply(platform, catalog=CATALOG, guards=Guards(protected=("pro",)))
    platform.edit_package("basic", definition(), NOW)
    platform.edit_package("basic", definition("Basic 2", expiry="1 month"), NOW)
    platform.edit_package("pro", definition("Pro"), NOW, archived=True)
    lines = [line(f"c{number}", line=number, usage={"chat": number}) for number in range(1, 9)]
    platform.import_clients(lines, NOW)
    platform.adjust("c1", Granting("sources", "cycle", add=3), NOW)
    platform.adjust("c2", Granting("features/audio", LATER), NOW)
    platform.adjust("c3", Extending(LATER + timedelta(days=90)), NOW)


def seen(platform: Platform) -> list[object]:
    refs = [RevisionRef("basic", 1), RevisionRef("basic", 2)]
    state = [platform.catalog(), platform.guards(), platform.packages(), platform.runs()]
    return [*state, platform.definitions(refs), platform.identity().lineage, list(platform.clients(NOW))]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_is_the_same_platform(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    new = "sqlite:///new.db" if kind == "sqlite" else request.getfixturevalue("database")
    with open_platform(OLD, root=tmp_path) as platform:
        fill(platform)
        before = seen(platform)

    counts = copy_platform(Address(OLD), Address(new), root=tmp_path)

    assert (counts["clients"], counts["packages"], counts["runs"]) == (8, 2, 1)
    with open_platform(new, root=tmp_path) as platform:
        assert seen(platform) == before
        assert platform.edit_package("next", definition("Next"), NOW).revision == 1


def test_and_back_again(database: str, tmp_path: Path) -> None:
    with open_platform(database, root=tmp_path) as platform:
        fill(platform)
        before = seen(platform)

    copy_platform(Address(database), Address("sqlite:///new.db"), root=tmp_path)

    with open_platform("sqlite:///new.db", root=tmp_path) as platform:
        assert seen(platform) == before


def test_a_platform_in_use_is_not_written_over(tmp_path: Path) -> None:
    with open_platform(OLD, root=tmp_path) as platform:
        fill(platform)
    with open_platform("sqlite:///new.db", root=tmp_path) as platform:
        fill(platform)
        before = seen(platform)

    with pytest.raises(BlockedError, match="in use"):
        copy_platform(Address(OLD), Address("sqlite:///new.db"), root=tmp_path)

    with open_platform("sqlite:///new.db", root=tmp_path) as platform:
        assert seen(platform) == before


def test_a_copy_that_arrives_different_is_not_kept(tmp_path: Path) -> None:
    with open_platform(OLD, root=tmp_path) as platform:
        fill(platform)
    with open_platform("sqlite:///new.db", root=tmp_path):
        pass
    with sqlite3.connect(tmp_path / "new.db") as connection:
        connection.execute(
            "CREATE TRIGGER spoil AFTER INSERT ON clients BEGIN "
            "UPDATE clients SET name = 'spoilt' WHERE id = new.id; END"
        )
    connection.close()

    with pytest.raises(UnreachableError, match="differs") as raised:
        copy_platform(Address(OLD), Address("sqlite:///new.db"), root=tmp_path)

    assert raised.value.hint == "Try again, and look at both databases."

    with open_platform("sqlite:///new.db", root=tmp_path) as platform:
        assert list(platform.clients(NOW)) == []


def test_only_databases_are_copied(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="only a database"):
        copy_platform(Address(OLD), Address("https://platform.example.com"), root=tmp_path)
