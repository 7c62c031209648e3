from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers import postgres_database, postgres_server, serving_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with postgres_server() as address:
        yield address


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with postgres_database(postgres) as address:
        yield address


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server over an empty SQLite platform, open to everybody."""
    with serving_file(tmp_path) as url:
        yield url
