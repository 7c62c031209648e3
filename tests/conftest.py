from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from sqlalchemy.engine import make_url

from reconciler.live.opening import Address, migrate_platform
from tests.pooling import pooled, pooler
from tests.servers import EmptiedDatabase, in_schema, postgres_database, postgres_server, serving_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
"""Speed is measured by benchmarks: how long one example takes says how busy the machine is."""


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands remember of files is kept apart from what the person at this machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgres_server() as address:
        yield address


@pytest.fixture(scope="session")
def prepared(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database with the tables of two platforms, to be copied."""
    with postgres_database(postgres) as address:
        for platform in (address, in_schema(address)):
            migrate_platform(Address(platform), root=tmp_path_factory.getbasetemp())
        yield str(make_url(address).database)


@pytest.fixture
def database(postgres: str, prepared: str) -> Iterator[str]:
    """The address of a new platform on PostgreSQL."""
    with postgres_database(postgres, prepared) as address:
        yield address


@pytest.fixture(scope="session")
def emptied(postgres: str, prepared: str) -> Iterator[EmptiedDatabase]:
    with postgres_database(postgres, prepared) as address:
        yield EmptiedDatabase(address)


@pytest.fixture
def empty_database(emptied: EmptiedDatabase) -> Iterator[str]:
    """The address of an empty platform on PostgreSQL, for tests that change rows and no tables."""
    yield emptied.address
    emptied.empty()


@pytest.fixture(scope="session")
def pool(postgres: str) -> Iterator[int]:
    """The port of a pooler in transaction mode before the PostgreSQL server."""
    with pooler(postgres) as port:
        yield port


@pytest.fixture
def pooled_database(database: str, pool: int) -> str:
    """The address of a new platform on PostgreSQL, through the pooler."""
    return pooled(database, pool)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server over an empty SQLite platform, open to everybody."""
    with serving_file(tmp_path) as url:
        yield url
