"""What one server process answers in a second, as a ratio to the framework alone, on PostgreSQL."""

from __future__ import annotations

import json
import re
import uuid
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_served
from reconciler.model.clients import ClientLine
from reconciler.model.idempotency import KeyedRequest
from reconciler.model.tokens import Scope
from tests.benchmarks.agency import configure
from tests.benchmarks.goals import Row, reached, scaled
from tests.benchmarks.load import Sent, bare_server, rate, recorded
from tests.builders import NOON, definition
from tests.servers import now
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import ServedPlatform, TokenRegister
    from tests.benchmarks.load import Trip

pytestmark = pytest.mark.benchmark

CLIENTS: Final = scaled(100_000)
CALLS: Final = scaled(960)
GOALS: Final = {"entitlement checks": 2.5, "assignments": 5, "records of usage": 4}
AT_ONCE: Final = (1, 8, 32)
JSON: Final = {"Content-Type": "application/json"}


class Measured(NamedTuple):
    """A server, a token of it, and what it sends to PostgreSQL for a request of some kinds."""

    host: str
    token: str
    trips: dict[str, list[Trip]]


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Measured]:
    configure(tmp_path, local=database)
    with open_served(database, root=tmp_path) as (store, register):
        store.edit_package("basic", definition(features=["chat"]), NOON)
        store.edit_package("pro", definition(title="Pro", features=["chat"]), NOON)
        store.import_clients(map(line, range(CLIENTS)), NOON)
        _, token = create_token(register, "product", [Scope.ADMIN], now())
        trips = {
            "assignments": sent(store, register, lambda: str(store.assign("c0", "pro", NOON))),
            "records of usage": sent(store, register, lambda: str(store.record_usage("c0", "chat", 1, NOON))),
        }
    with serving(tmp_path) as server:
        yield Measured(server.host, token, trips)


def sent(store: ServedPlatform, register: TokenRegister, write: Callable[[], str]) -> list[Trip]:
    """Return what is sent to PostgreSQL for a request: its token's look, and the write under its key."""
    first, key = uuid.uuid4().hex, uuid.uuid4().hex
    store.once(KeyedRequest(first, "f", NOON), write)  # what a process keeps is not asked for again
    with recorded() as trips:
        register.find({("none", "none")})
        store.once(KeyedRequest(key, "f", NOON), write)
    return [[(query, with_known_names(query, values, key)) for query, values in each] for each in trips]


def with_known_names(query: str, values: list[Any], key: str) -> list[Any]:
    """Return what a statement binds, with zeros for the name of an event, and `k0` for a request's key."""
    if re.search(r"INTO \S*events ", query):
        values = [
            re.sub("^[0-9a-f]{20}$", "0" * 20, each) if isinstance(each, str) else each for each in values
        ]
    return ["k0" if each == key else each for each in values]


def line(number: int) -> ClientLine:
    usage = {"chat": number % 7}
    return ClientLine(f"c{number}", number + 1, "C", "a@x.example", package="basic", usage=usage)


def client(number: int) -> str:
    """Spread calls over all clients."""
    return f"/v1/clients/c{number * 7_919 % CLIENTS}"


def test_checks_and_assignments_against_bare_routes(served: Measured, database: str) -> None:
    host, token, trips = served
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

    def same(number: int) -> Sent:
        return Sent("PUT", "/sql", json.dumps({"number": str(number * 7_919 % CLIENTS)}), JSON)

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
    for what, each in trips.items():
        with bare_server(database, each) as bare:
            theirs = rates(bare, same)
        for at_once, mine, other in zip(AT_ONCE, measured[what][0], theirs, strict=True):
            reached(Row(f"the same SQL behind a bare route : {what}, {at_once} at once", other / mine))


def rates(host: str, request: Callable[[int], Sent]) -> list[float]:
    rate(host, request, count=50, at_once=1)
    return [rate(host, request, count=CALLS, at_once=at_once) for at_once in AT_ONCE]
