"""What one server process answers in a second, as a ratio to the framework alone, on PostgreSQL."""

from __future__ import annotations

import json
import uuid
from itertools import cycle
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.model.tokens import Scope
from tests.benchmarks.agency import configure
from tests.benchmarks.goals import Row, reached, scaled
from tests.benchmarks.load import Sent, bare_server, rate
from tests.builders import NOON, definition
from tests.servers import now
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.benchmark

CLIENTS: Final = scaled(100_000)
CALLS: Final = scaled(960)
GOALS: Final = {"entitlement checks": 2.5, "assignments": 5, "records of usage": 4}
AT_ONCE: Final = (1, 8, 32)
JSON: Final = {"Content-Type": "application/json"}


@pytest.fixture
def host_and_token(database: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    configure(tmp_path, local=database)
    with open_served(database, root=tmp_path) as (store, register):
        store.edit_package("basic", definition(features=["chat"]), NOON)
        store.edit_package("pro", definition(title="Pro", features=["chat"]), NOON)
        store.import_clients(map(line, range(CLIENTS)), NOON)
        _, token = create_token(register, "product", [Scope.ADMIN], now())
    with serving(tmp_path) as server:
        yield server.host, token


def line(number: int) -> ClientLine:
    usage = {"chat": number % 7}
    return ClientLine(f"c{number}", number + 1, "C", "a@x.example", package="basic", usage=usage)


def client(number: int) -> str:
    """Spread calls over all clients."""
    return f"/v1/clients/c{number * 7_919 % CLIENTS}"


def test_checks_and_assignments_against_bare_routes(host_and_token: tuple[str, str]) -> None:
    host, token = host_and_token
    bearer = {"Authorization": f"Bearer {token}"}
    package = cycle(["pro", "basic"])

    def check(number: int) -> Sent:
        return Sent("GET", f"{client(number)}/entitlements", headers=bearer)

    def assign(number: int) -> Sent:
        body = json.dumps({"package": next(package)})
        more = {"If-Match": "*", "Idempotency-Key": uuid.uuid4().hex}
        return Sent("PUT", f"{client(number)}/subscription", body, {**bearer, **JSON, **more})

    def use(number: int) -> Sent:
        body = json.dumps({"meter": "chat", "amount": 1})
        return Sent(
            "POST", f"{client(number)}/usage", body, {**bearer, **JSON, "Idempotency-Key": uuid.uuid4().hex}
        )

    with bare_server() as bare:
        reading = rates(bare, lambda _: Sent("GET", "/"))
        writing = rates(bare, lambda _: Sent("PUT", "/", '{"package": "pro"}', JSON))
    measured = {
        "entitlement checks": (rates(host, check), reading),
        "assignments": (rates(host, assign), writing),
        "records of usage": (rates(host, use), writing),
    }

    for what, (ours, theirs) in measured.items():
        for at_once, mine, bare_rate in zip(AT_ONCE, ours, theirs, strict=True):
            named = f"a bare route : {what}, {at_once} at once"
            reached(Row(named, bare_rate / mine, most=GOALS[what], aside=f"{mine:,.0f} a second"))
        reached(Row(f"{what}, the slowest : one at once", min(ours) / ours[0], least=0.9))


def rates(host: str, request: Callable[[int], Sent]) -> list[float]:
    rate(host, request, count=50, at_once=1)
    return [rate(host, request, count=CALLS, at_once=at_once) for at_once in AT_ONCE]
