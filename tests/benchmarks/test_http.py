"""What the way over HTTP costs, as ratios to the same without it. Run with `-m benchmark -s`."""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from fastapi import FastAPI

from reconciler.live.opening import open_platform, open_served
from reconciler.model.clients import ClientLine
from reconciler.model.packages import RevisionRef
from reconciler.model.questions import ClientQuestion, UsesMoreThan
from tests.builders import NOON, definition
from tests.servers import listening, running, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

pytestmark = pytest.mark.benchmark

CLIENTS: Final = int(os.environ.get("RECONCILER_BENCHMARK_CLIENTS", "1000000"))
PACKAGES: Final = 1_000
CHANGED: Final = 100
CALLS: Final = 500


def lines() -> Iterator[ClientLine]:
    for number in range(CLIENTS):
        package, email = f"p{number % PACKAGES}", f"o{number}@x.example"
        yield ClientLine(
            f"c{number:08}", number + 1, f"C{number}", email, package=package, usage={"chat": number % 7}
        )


def fill(platform: Platform) -> None:
    for number in range(PACKAGES):
        granted = definition(title=f"Title {number}", features=["chat"])
        platform.edit_package(f"p{number}", granted, NOON)
    platform.import_clients(lines(), NOON)


def reads_of_a_plan(platform: Platform) -> int:
    """Ask what a plan of 100 changed packages asks."""
    heads = platform.packages()
    changed = heads[:CHANGED]
    platform.definitions([RevisionRef(head.key, 1) for head in changed])
    platform.holdings([head.key for head in changed], NOON)
    questions = [ClientQuestion(head.key, (1,), (UsesMoreThan("chat", 3),)) for head in changed]
    return sum(answer.count for answer in platform.answers(questions, NOON, sample=5))


def timed(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return min(times)


def test_the_reads_of_a_plan_over_http_against_the_store(database: str, tmp_path: Path) -> None:
    with (
        open_served(database, root=tmp_path) as (store, _),
        listening(served(store)) as url,
        open_platform(url, root=tmp_path) as remote,
    ):
        fill(store)
        assert reads_of_a_plan(remote) == reads_of_a_plan(store)

        straight, over = timed(lambda: reads_of_a_plan(store)), timed(lambda: reads_of_a_plan(remote))

    print(
        f"\nplan's reads, {CLIENTS:,} clients: store {straight:.3f} s, HTTP : store = {over / straight:.2f}"
    )
    assert over / straight < 5


def test_entitlement_checks_against_a_bare_route(tmp_path: Path) -> None:
    bare = FastAPI()

    @bare.get("/")
    def nothing() -> dict[str, str]:
        return {}

    with open_served("sqlite:///platform.db", root=tmp_path) as (store, _):
        store.edit_package("basic", definition(features=["chat"]), NOON)
        store.add_client(ClientLine("acme", 1, "Acme", "a@x.example", package="basic"), NOON)
        with listening(served(store)) as url, running(bare) as bare_url, httpx.Client() as client:
            ours = timed(lambda: ask(client, f"{url}/v1/clients/acme/entitlements"))
            theirs = timed(lambda: ask(client, f"{bare_url}/"))

    print(f"\nentitlement checks: {CALLS / ours:,.0f}/s; ours : bare route = {ours / theirs:.2f}")
    assert ours / theirs < 10


def ask(client: httpx.Client, url: str) -> None:
    for _ in range(CALLS):
        client.get(url).raise_for_status()
