"""The order of docs/upgrade.md: migrate, then servers, then everybody else, with no pause in between."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url

from reconciler.conformance.building import NOW, definition
from reconciler.errors import UnreachableError
from reconciler.live.http.messages import Limits
from reconciler.live.http.platform import open_http
from reconciler.live.opening import Address, migrate_platform, open_platform, open_served
from reconciler.store.database import Database
from reconciler.store.schema import HEAD, Form
from tests.servers import listening, postgres_database, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

BEFORE = "0002"
OLD_PROGRAM = Form(BEFORE, oldest=BEFORE)
ONCE = Limits(seconds=30, long_seconds=30, tries=1)


@pytest.fixture
def outdated(postgres: str) -> Iterator[str]:
    """The address of a platform in the form before the newest."""
    with postgres_database(postgres) as address:
        with closing(Database(make_url(address))) as database:
            database.migrate(BEFORE)
        yield address


@contextmanager
def server(address: str, root: Path, program: Form | None = None) -> Iterator[tuple[str, Platform]]:
    with (
        open_served(address, root=root, program=program) as (behind, _),
        listening(served(behind)) as url,
        open_http(url, token=None, limits=ONCE) as platform,
    ):
        yield url, platform


def contract(address: str) -> None:
    """Have the schema say what a migration says that takes away what the old program needs."""
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE schema_version SET oldest = %s", [HEAD])


def version(address: str) -> str | None:
    with closing(Database(make_url(address))) as database:
        form = database.form()
    return None if form is None else form.version


def test_a_command_of_a_newer_program_migrates_nothing_and_says_what_does(
    outdated: str, tmp_path: Path
) -> None:
    with pytest.raises(UnreachableError, match=BEFORE) as raised, open_platform(outdated, root=tmp_path):
        pass

    assert "platform migrate" in str(raised.value.hint)
    assert version(outdated) == BEFORE


def test_a_check_tells_and_writes_nothing(outdated: str, tmp_path: Path) -> None:
    told = migrate_platform(Address(outdated), root=tmp_path, check=True)

    assert told == (BEFORE, HEAD)
    assert version(outdated) == BEFORE


def test_old_and_new_servers_serve_side_by_side_on_the_migrated_schema(outdated: str, tmp_path: Path) -> None:
    with server(outdated, tmp_path, OLD_PROGRAM) as (_, old):
        migrate_platform(Address(outdated), root=tmp_path)
        with server(outdated, tmp_path) as (_, new):
            old.edit_package("basic", definition(), NOW)
            new.edit_package("pro", definition("Pro"), NOW)

            assert [head.key for head in old.packages()] == [head.key for head in new.packages()]

        assert [head.key for head in old.packages()] == ["basic", "pro"]
    with server(outdated, tmp_path, OLD_PROGRAM) as (_, restarted):
        assert restarted.packages()


def test_a_server_that_a_migration_left_behind_is_not_ready_writes_nothing_and_does_not_start_again(
    outdated: str, tmp_path: Path
) -> None:
    migrate_platform(Address(outdated), root=tmp_path)
    with server(outdated, tmp_path, OLD_PROGRAM) as (url, old), server(outdated, tmp_path) as (_, new):
        contract(outdated)

        readiness = httpx.get(f"{url}/readyz", trust_env=False).status_code
        with pytest.raises(UnreachableError):
            old.edit_package("basic", definition(), NOW)

        assert (readiness, new.packages()) == (503, ())
        assert new.edit_package("basic", definition(), NOW).revision == 1
    with (
        pytest.raises(UnreachableError, match="newer version"),
        open_served(outdated, root=tmp_path, program=OLD_PROGRAM),
    ):
        pass


def test_an_empty_database_is_no_platform_until_it_is_migrated(postgres: str, tmp_path: Path) -> None:
    with postgres_database(postgres) as empty:
        with pytest.raises(UnreachableError, match="no platform yet"), open_platform(empty, root=tmp_path):
            pass
        migrate_platform(Address(empty), root=tmp_path)
        with open_platform(empty, root=tmp_path) as platform:
            assert platform.packages() == ()


def test_a_file_is_migrated_by_itself_and_a_copy_is_kept_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    with closing(Database(path)) as database:
        database.migrate(BEFORE)

    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        lineage = platform.identity().lineage

    copy = tmp_path / f"platform.db.{BEFORE}"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(Database(copy)) as database:
        assert database.form() == Form(BEFORE, "0001")
    copy.rename(path)
    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        assert platform.identity().lineage == lineage
