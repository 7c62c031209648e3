"""PostgreSQL with RECONCILER_BENCHMARK_CLIENTS clients: what docs/scale.md tells of it, as its table.

The clients are copies of one that was imported, made by the database; all that is measured is ours.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final

import psycopg
import pytest

from reconciler.engine.import_clients import Pieces
from reconciler.errors import UnreachableError
from reconciler.live.opening import Address, migrate_platform, open_platform
from reconciler.model.events import UNKNOWN
from reconciler.store import tables
from tests.benchmarks.agency import MANY
from tests.benchmarks.test_rollout import holder
from tests.mortal_postgres import MortalPostgres, mortal_postgres, standby_of
from tests.pooling import pooled, pooler
from tests.servers import in_schema
from tests.shop import Shop, laid_out
from tests.store.test_standby import both

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Table

    from reconciler.live.port import Platform

pytestmark = pytest.mark.benchmark

PIECE: Final = 50_000
MORE: Final = 100_000
STEP: Final = 10_000
FEW: Final = 1_000
SETTINGS: Final = {"shared_buffers": "2GB", "max_wal_size": "16GB", "maintenance_work_mem": "1GB"}
COPIED: Final = {"clients": "id", "subscriptions": "client_id", "usage": "client_id", "events": "number"}
"""The tables that an imported client has rows in, and the column that is its own there."""
ID: Final = "'held-' || lpad(n::text, 9, '0')"
NUMBER: Final = "hashint8extended(n, 0) & 9223372036854775807"
OTHER: Final = {
    ("clients", "id"): ID,
    ("clients", "name"): "'Client ' || n",
    ("clients", "owner_email"): "'owner@client-' || n || '.example'",
    ("clients", "normal_email"): "'owner@client-' || n || '.example'",
    ("clients", "users"): "mod(n, 10)",
    ("clients", "number"): NUMBER,
    ("subscriptions", "client_id"): ID,
    ("usage", "client_id"): ID,
    ("usage", "amount"): "mod(n, 500)",
    ("events", "id"): "left(md5(n::text), 20)",
    ("events", "number"): NUMBER,
    ("events", "run_id"): "1",
}
"""What each copy has of its own: no run has to seal them."""


@dataclass
class Measured:
    rows: list[tuple[str, str]] = field(default_factory=list)

    def note(self, what: str, figure: str) -> None:
        self.rows.append((what, figure))
        print(f"\n{what}: {figure}", flush=True)

    def time(self, what: str, act: Callable[[], object]) -> float:
        started = perf_counter()
        act()
        taken = perf_counter() - started
        self.note(what, f"{taken:.1f} s")
        return taken

    def table(self) -> str:
        return "\n".join(
            ["", "| | |", "|---|--:|", *(f"| {what} | {figure} |" for what, figure in self.rows)]
        )


def test_a_platform_of_many_clients(tmp_path: Path) -> None:
    measured = Measured()
    laid_out(tmp_path)
    with mortal_postgres() as primary:
        tune(primary)
        with open_platform(primary.url, root=tmp_path) as platform:
            shop = Shop(tmp_path, platform)
            fill(shop, primary.url, measured)
            change_all(shop, measured)
            elsewhere(shop, primary, measured)
        after_the_primary(shop, primary, measured)
    print(f"\n{MANY + MORE:,} clients on PostgreSQL:\n{measured.table()}")


def fill(shop: Shop, url: str, measured: Measured) -> None:
    """Have all clients hold one package."""
    shop.guards(clients_losing="unlimited", acknowledge="never")
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 500}, user_count=9)
    shop.apply()
    shop.platform.import_clients([holder(0)], shop.at)
    empty = size_of(url)
    copy(url, MANY)
    measured.note("bytes a client, with its events and indexes", f"{(size_of(url) - empty) / MANY:,.0f}")

    lines = map(holder, range(1, MORE + 1))
    what = f"`clients import` of {MORE:,} more in pieces of {PIECE:,}"
    taken = measured.time(
        what, lambda: list(Pieces(PIECE).imported(shop.platform, lines, lambda: shop.at, UNKNOWN))
    )
    measured.note("the same, clients a second", f"{MORE / taken:,.0f}")


def change_all(shop: Shop, measured: Measured) -> None:
    """Lower what all hold, and move some."""
    rollout = {"existing_clients": "reassign", "per_run": STEP, "every": "0 days"}
    shop.package("pro", features=["chat", "calls"], limits={"minutes": 300}, user_count=5, rollout=rollout)
    measured.time("plan of a change that touches all of them", shop.plan)
    measured.time(f"plan and one rollout step of {STEP:,} clients", shop.apply)
    assert shop.platform.runs(limit=1)[0].moved == STEP


def elsewhere(shop: Shop, primary: MortalPostgres, measured: Measured) -> None:
    """Plan the next step through a pooler, and a platform of few clients in a schema beside."""
    with pooler(primary.url) as port, open_platform(pooled(primary.url, port), root=shop.root) as platform:
        measured.time("plan of the next step through PgBouncer", on(shop, platform).plan)
    beside, folder = in_schema(primary.url), shop.root / "beside"
    folder.mkdir()
    laid_out(folder)
    migrate_platform(Address(beside), root=folder)
    with open_platform(beside, root=folder) as platform:
        small = Shop(folder, platform)
        small.guards(clients_losing="unlimited", acknowledge="never")
        small.package("pro", features=["chat", "calls"], limits={"minutes": 500}, user_count=9)
        small.apply()
        platform.import_clients(map(holder, range(FEW)), small.at)
        small.package("pro", features=["chat"], user_count=9)
        measured.time(f"plan for {FEW:,} clients in a schema beside it", small.plan)


def after_the_primary(shop: Shop, primary: MortalPostgres, measured: Measured) -> None:
    """Plan on a standby, then kill the primary and promote it."""
    with ExitStack() as stack:
        started = perf_counter()
        standby = stack.enter_context(standby_of(primary))
        measured.note("a hot standby is made", f"{perf_counter() - started:.0f} s")
        copy_of_it = stack.enter_context(open_platform(standby.url, root=shop.root))
        measured.time("plan of the next step on the standby", on(shop, copy_of_it).plan)
        platform = stack.enter_context(open_platform(both(primary, standby), root=shop.root))
        platform.packages()

        primary.kill()
        killed = perf_counter()
        standby.promote()
        measured.note(
            "from the primary's death to its standby's promotion", f"{perf_counter() - killed:.1f} s"
        )
        read_again(platform)
        measured.note("to the first read that is answered", f"{perf_counter() - killed:.1f} s")
        on(shop, platform).apply()
        measured.note(f"to the end of a plan and a step of {STEP:,}", f"{perf_counter() - killed:.1f} s")
        assert platform.runs(limit=1)[0].moved == STEP


def read_again(platform: Platform) -> None:
    while True:
        with suppress(UnreachableError):
            platform.packages()
            return


def on(shop: Shop, platform: Platform) -> Shop:
    return Shop(shop.root, platform, shop.at)


def tune(server: MortalPostgres) -> None:
    """Have memory as a server of that size has; it is as durable as by default."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.start()


def copy(url: str, count: int) -> None:
    """Make so many clients of the one that there is."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # the copies refer to what there is
        connection.execute("SET synchronous_commit = off")
        (number,) = connection.execute("SELECT number FROM clients").fetchone() or ("",)
        for name, own in COPIED.items():
            known = number if own == "number" else holder(0).id
            connection.execute(copying(tables.metadata.tables[name], own), [count, known])
        connection.execute("VACUUM ANALYZE")


def copying(table: Table, own: str) -> str:
    columns = [column.name for column in table.columns]
    into = f"{table.name} ({', '.join(map(quoted, columns))})"
    values = ", ".join(OTHER.get((table.name, name), f"one.{quoted(name)}") for name in columns)
    copied = f"{table.name} AS one, generate_series(1, %s) AS n WHERE one.{own} = %s"
    return f"INSERT INTO {into} SELECT {values} FROM {copied}"  # noqa: S608 - the names are our own tables'


def quoted(name: str) -> str:
    return f'"{name}"'


def size_of(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
