"""Real catalogs, year by year, against the model's brute force."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from reconciler.model.clients import ClientLine
from tests.engine.story_checks import announced, same_client, same_plan
from tests.engine.story_world import File, Holder, Terms, World
from tests.replay import years

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shop import Shop

CLIENTS = 40
PRODUCTS = ("clickup", "crowdcast", "github", "mailchimp", "openphone", "slack", "userguiding", "zoom")
IN_QUARTERS = {"existing_clients": "reassign", "per_run": "25%", "every": "0 days"}


@dataclass
class Replay:
    """One product on its way through the years; what is no longer sold stays as an archived file."""

    shop: Shop
    world: World
    random: Random
    rollout: dict[str, Any] | None = None
    catalog: dict[str, dict[str, Any]] = field(default_factory=lambda: {"features": {}, "limits": {}})
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, year: Path) -> None:
        for section, entries in yaml.safe_load((year / "schemas" / "catalog.yaml").read_text()).items():
            self.catalog[section] |= entries
        (self.shop.root / "catalog.yaml").write_text(yaml.safe_dump(self.catalog))
        sold = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(year.glob("packages/*.yaml"))}
        withdrawn = {key: {**self.documents[key], "archived": True} for key in self.documents.keys() - sold}
        self.documents = sold | withdrawn
        for key, document in self.documents.items():
            text = yaml.safe_dump(document | ({"rollout": self.rollout} if self.rollout else {}))
            (self.shop.root / "packages" / f"{key}.yaml").write_text(text)

    def files(self) -> dict[str, File]:
        rollout = self.rollout or {"existing_clients": "keep", "per_run": None}
        return {
            key: File(
                terms_of(document),
                archived=document.get("archived", False),
                rollout=rollout["existing_clients"],
                per_run=rollout["per_run"],
            )
            for key, document in self.documents.items()
        }

    def sell(self, year: str) -> None:
        """Spread new clients over what is sold, with some use of everything that is metered."""
        keys = sorted(key for key, document in self.documents.items() if not document.get("archived"))
        lines = []
        for number in range(CLIENTS):
            id_, key = f"{self.random.randrange(10**6):06}-{year}-{number}", keys[number % len(keys)]
            document = self.documents[key]
            meters = [*document["features"], *document.get("limits", {})]
            used = {meter: self.random.randrange(1, 60_000) for meter in self.random.sample(meters, 3)}
            users = self.random.randrange(1, 60)
            email = f"owner@{id_}.example"
            lines.append(ClientLine(id_, number + 1, id_, email, package=key, users=users, usage=used))
            revision = len(self.world.live[key].revisions)
            holder = Holder(id_, email, key, revision, self.shop.at, None, "active", users)
            holder.usage = used
            self.world.holders[id_] = holder
        self.shop.platform.import_clients(lines, self.shop.at)

    def apply(self) -> None:
        """Plan and apply; both must say and do what the model expects, and announce what is lost."""
        self.world.now = self.shop.at
        expected, before = self.world.expected(self.files()), self.world.all_held()
        made = self.shop.plan()
        same_plan(made, expected)
        run = self.shop.apply(made)
        for each in expected.values():
            self.world.settle(each, run.id)
        assert announced(made) == self.world.lost_since(before)
        for client in self.shop.platform.clients(self.shop.at):
            same_client(client, self.world.holders[client.id], self.world)


def terms_of(document: dict[str, Any]) -> Terms:
    return Terms(
        title="\n".join((document["title"], document.get("description", ""))),
        features=frozenset(document.get("features", ())),
        limits=tuple(sorted((key, cap) for key, cap in document.get("limits", {}).items() if cap)),
        users=document["user_count"],
    )


def years_of(product: str) -> list[Path]:
    found = [year for year in years() if year.parent.name == product]
    if not found:
        pytest.skip("the replay data is not here")
    return found


@pytest.fixture
def replay(shop: Shop) -> Replay:
    shop.guards(archives="unlimited", clients_losing="unlimited", acknowledge="never")
    return Replay(shop, World(shop.at), Random(7))  # noqa: S311 - the same clients each time


@pytest.mark.parametrize("product", PRODUCTS)
def test_clients_keep_their_snapshots_while_the_years_pass(replay: Replay, product: str) -> None:
    for year in years_of(product):
        replay.read(year)

        replay.apply()

        assert replay.shop.plan().is_empty
        replay.sell(year.name)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_rollout_in_quarters_converges_in_four_applies_a_year(replay: Replay, product: str) -> None:
    replay.rollout = IN_QUARTERS
    for year in years_of(product):
        replay.read(year)

        for _ in range(4):
            replay.apply()

        assert replay.shop.plan().is_empty
        archived = {key for key, package in replay.world.live.items() if package.archived}
        assert {each.package for each in replay.shop.platform.outdated(replay.shop.at)} <= archived
        replay.sell(year.name)
