"""What a write and a question cost is a number of statements, whatever else the platform holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, version, with_catalog
from reconciler.live.opening import open_platform
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.clients import ClientUpdate
from reconciler.model.grants import Extending, Granting, Revoking
from reconciler.model.questions import ClientQuestion
from reconciler.store import moves
from reconciler.store.database import Database
from reconciler.store.parts import Pair, Part
from tests.statements import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

WRITES: dict[str, Callable[[Platform], object]] = {
    "add": lambda platform: platform.add_client(line("bolt"), LATER),
    "update": lambda platform: platform.update_client(ClientUpdate("acme", name="Acme AG"), LATER),
    "assign": lambda platform: platform.assign("acme", "other", LATER),
    "grant": lambda platform: platform.adjust("acme", Granting("sources", "cycle", add=1), LATER),
    "revoke": lambda platform: platform.adjust("acme", Revoking(granted(platform)), LATER),
    "extend": lambda platform: platform.adjust("acme", Extending(NOW + timedelta(days=90)), LATER),
    "edit": lambda platform: platform.edit_package("other", definition("Other", user_count=9), LATER),
    "forget": lambda platform: platform.forget_client("acme", LATER),
    "apply": apply,
}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A client of a package that ends, with a grant."""
    with open_platform("sqlite:///platform.db", root=tmp_path) as opened:
        with_catalog(opened)
        opened.edit_package("basic", definition(limits={"sources": 9}, expiry="30 days"), NOW)
        opened.edit_package("other", definition("Other"), NOW)
        opened.add_client(line("acme", usage={"sources": 2}), NOW)
        opened.adjust("acme", Granting("sources", "subscription", add=2), NOW)
        yield opened


def granted(platform: Platform) -> str:
    return platform.client("acme", LATER).grants[0].id


def reading(platform: Platform, client_id: str) -> int:
    with watched() as sent:
        platform.client(client_id, LATER)
    return len(sent)


@pytest.mark.parametrize("kind", WRITES)
def test_a_write_by_hand_has_one_statement_more_for_its_event(platform: Platform, kind: str) -> None:
    with watched() as sent:
        WRITES[kind](platform)

    inserted = [each for each in sent if each.startswith("INSERT INTO events")]
    assert len(inserted) == 1


@pytest.mark.parametrize("kind", [kind for kind in WRITES if kind not in {"apply", "forget"}])
def test_a_write_by_hand_asks_nothing_of_former_events(platform: Platform, kind: str) -> None:
    with watched() as sent:
        WRITES[kind](platform)

    assert [each for each in sent if " events" in each and not each.startswith("INSERT INTO events")] == []


def test_what_meters_write_is_no_event(platform: Platform) -> None:
    with watched() as sent:
        platform.record_usage("acme", "sources", 1, LATER)
        platform.set_users("acme", 3, LATER)
        platform.start_cycle("acme", LATER)

    assert [each for each in sent if "events" in each] == []


def test_the_entitlements_of_a_client_are_as_many_statements_whatever_it_has(platform: Platform) -> None:
    platform.add_client(line("bolt"), NOW)
    platform.client("acme", LATER)
    few = reading(platform, "acme")
    for _ in range(40):
        platform.adjust("acme", Granting("sources", "subscription", add=1), NOW)
        platform.add_client(line(f"client-{_}"), NOW)

    assert reading(platform, "acme") == few
    assert reading(platform, "bolt") == few - 1


def test_the_history_of_a_package_reads_the_runs_that_wrote_it(platform: Platform) -> None:
    for _ in range(3):
        apply(platform)

    with watched() as sent:
        list(platform.package_history("basic"))

    of_runs = [each for each in sent if "FROM runs" in each]
    assert len(of_runs) == 1
    assert "run_packages" in of_runs[0]


def test_who_lost_before_is_counted_whatever_the_number_of_runs_that_took_something(tmp_path: Path) -> None:
    """More than an expression of SQLite can have levels, and more than it takes parameters."""
    parts = [Part(Pair(run, NOW, 1, "basic", 1, 2)) for run in range(1, 40_000)]
    with open_platform("sqlite:///platform.db", root=tmp_path) as opened:
        opened.edit_package("basic", definition(features=["audio"]), NOW)
        opened.add_client(line("acme"), NOW)
        write = PackageWrite("basic", definition(), version(opened, "basic"))
        apply(opened, writes=(write,), moves=(Move(ClientQuestion("basic", (1,)), 9),))

    database = Database(tmp_path / "platform.db")
    with database.reading() as connection:
        assert moves.distinct_clients(connection, parts) == 1
        assert moves.is_among(connection, "acme", parts)
    database.close()
