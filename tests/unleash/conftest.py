from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

from reconciler.live.opening import open_platform
from tests.builders import NOON
from tests.servers import postgres_database
from tests.shop import Shop, laid_out
from tests.stores import new_store
from tests.unleash.console import Console
from tests.unleash.server import TOKEN, installed, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_prefixes = count(1)


@pytest.fixture(scope="session")
def shared(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of an Unleash that all tests of this process share, and that of its database."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    folder = installed(tmp_path_factory.getbasetemp().parent)
    log = tmp_path_factory.mktemp("unleash") / "log"
    with postgres_database(postgres) as database, running(folder, database, log) as address:
        yield address, database


@pytest.fixture
def unleash(shared: tuple[str, str]) -> Iterator[str]:
    """The address of an Unleash without segments and flags: each that is left costs the tests to come.

    It still works on what became of the flags, so they are archived and not deleted.
    """
    address, database = shared
    yield address
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM segments")
        connection.execute("UPDATE features SET archived_at = now()")


@pytest.fixture
def prefix() -> str:
    """What the names of this test's packages begin with."""
    return f"test-{next(_prefixes)}"


@pytest.fixture
def url(unleash: str, prefix: str) -> str:
    """The address of a platform of its own on that Unleash."""
    return f"unleash+{unleash}?environment=development&prefix={prefix}&store=sqlite:///store.db"


@pytest.fixture
def console(unleash: str, prefix: str) -> Console:
    """What a person does in Unleash itself."""
    return Console(unleash, TOKEN, prefix)


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Iterator[Shop]:
    laid_out(tmp_path)
    new_store(tmp_path / "store.db")
    with open_platform(url, root=tmp_path, token=TOKEN) as platform:
        shop = Shop(tmp_path, platform, NOON)
        shop.guards(clients_losing="unlimited")
        yield shop
