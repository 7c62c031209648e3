from __future__ import annotations

import gc
import os
import socket
import sqlite3
import threading
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import func, make_url, select

from reconciler.conformance.building import NOW, definition, line
from reconciler.errors import InvalidError, UnreachableError
from reconciler.live.opening import open_platform, open_served
from reconciler.model.questions import ClientQuestion, UsesMoreThan
from reconciler.store.database import Database
from reconciler.store.dialects import fault_of
from tests.disks import largest_file

if TYPE_CHECKING:
    from pathlib import Path

URL = "sqlite:///platform.db"


def test_a_busy_platform_says_so_and_nothing_is_written(tmp_path: Path) -> None:
    with (
        open_platform(URL, root=tmp_path) as platform,
        closing(sqlite3.connect(tmp_path / "platform.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(UnreachableError, match="another process"):
            platform.edit_package("basic", definition(), NOW)

        other.execute("ROLLBACK")
        assert platform.packages() == ()


def test_a_platform_whose_connections_are_all_in_use_says_so(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path):
        pass
    database = Database(tmp_path / "platform.db")

    with ExitStack() as stack:
        stack.callback(database.close)
        for _ in range(35):
            stack.enter_context(database.reading())

        with pytest.raises(UnreachableError, match=r"all connections to .* are in use"), database.reading():
            pass


@pytest.mark.parametrize("contents", [b"not a database, but some text that is long enough" * 40, b"x"])
def test_a_file_that_is_no_database_says_so(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "platform.db").write_bytes(contents)

    with pytest.raises(UnreachableError, match="damaged"), open_platform(URL, root=tmp_path):
        pass

    assert (tmp_path / "platform.db").read_bytes() == contents


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path) as platform:
        for number in range(60):
            platform.edit_package(f"p{number}", definition(f"P{number}", description="x" * 900), NOW)
    path = tmp_path / "platform.db"
    contents = bytearray(path.read_bytes())
    contents[4096:] = b"\xff" * (len(contents) - 4096)
    path.write_bytes(contents)

    with pytest.raises(UnreachableError, match="damaged"), open_platform(URL, root=tmp_path) as platform:
        platform.packages()


def test_a_schema_whose_bytes_are_no_text_is_damage(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path):
        pass
    path = tmp_path / "platform.db"
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE packages", b"CREATE \xff\xfe\xa8LE packages"))

    with pytest.raises(UnreachableError, match="damaged"), open_platform(URL, root=tmp_path) as platform:
        platform.packages()


def test_an_empty_file_is_no_new_platform(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    path.touch()
    os.utime(path, (0, 0))

    with pytest.raises(UnreachableError, match="is empty"), open_platform(URL, root=tmp_path):
        pass

    assert path.read_bytes() == b""


def test_an_empty_file_that_is_just_being_made_is_a_new_platform(tmp_path: Path) -> None:
    (tmp_path / "platform.db").touch()

    with open_platform(URL, root=tmp_path) as platform:
        assert platform.packages() == ()


def test_a_file_that_may_not_grow_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path) as platform:
        platform.edit_package("basic", definition(), NOW)
        size = (tmp_path / "platform.db").stat().st_size
        many = [line(f"c{number}", line=number, name="x" * 100) for number in range(1, 5_000)]

        with (
            largest_file(size + 2**16),
            pytest.raises(UnreachableError, match="refused to be read or written") as caught,
        ):
            platform.import_clients(many, NOW)

        assert "Nothing was written" in caught.value.hint
        assert list(platform.clients(NOW)) == []


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "platform.db")) as connection:
        connection.execute("DROP TABLE runs")

    with open_platform(URL, root=tmp_path) as platform, pytest.raises(UnreachableError) as caught:
        platform.runs()

    assert caught.value.hint == (
        "Nothing was written. If it stays so, restore it from a backup; "
        "the database said: no such table: runs"
    )


def test_a_database_that_will_not_encrypt_is_not_called_away(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def refuse() -> None:
            while server.fileno() != -1:
                with suppress(OSError), closing(server.accept()[0]) as connection:
                    connection.recv(8)
                    connection.sendall(b"N")

        threading.Thread(target=refuse, daemon=True).start()
        url = f"postgresql://reconciler@127.0.0.1:{server.getsockname()[1]}/x?sslmode=require"
        with pytest.raises(UnreachableError, match="SSL"), open_platform(url, root=tmp_path):
            pass


def test_a_database_that_is_not_utf_8_is_refused_by_name(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE plain TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    try:
        url = str(make_url(postgres).set(database="plain").render_as_string(hide_password=False))
        with (
            pytest.raises(UnreachableError, match="keeps its texts as SQL_ASCII"),
            open_platform(url, root=tmp_path),
        ):
            pass
    finally:
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("DROP DATABASE plain WITH (FORCE)")


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(UnreachableError, match="cannot be created"),
        open_platform("sqlite:///no/such/platform.db", root=tmp_path),
    ):
        pass


def test_a_folder_in_its_place_says_so(tmp_path: Path) -> None:
    (tmp_path / "platform.db").mkdir()

    with pytest.raises(UnreachableError, match="is not a file"), open_platform(URL, root=tmp_path):
        pass


def test_a_pipe_in_its_place_says_so_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "platform.db")

    with pytest.raises(UnreachableError, match="is not a file"), open_platform(URL, root=tmp_path):
        pass


def test_a_file_that_may_only_be_read_is_a_fault_of_its_own(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path):
        pass
    read_only = sqlite3.connect(f"file:{tmp_path}/platform.db?mode=ro", uri=True)

    with closing(read_only), pytest.raises(sqlite3.OperationalError) as raised:
        read_only.execute("DELETE FROM meta")

    assert fault_of(raised.value) == "read-only"


def test_an_error_without_a_code_is_told_in_the_databases_words(tmp_path: Path) -> None:
    database = Database(tmp_path / "platform.db")

    with pytest.raises(UnreachableError) as raised, database.reading() as connection:
        connection.exec_driver_sql("SELECT x FROM nowhere")

    database.close()
    assert "no such table" in raised.value.hint


@pytest.mark.parametrize("url", ["ftp://x", "sqlite://", "sqlite:///", "sqlite:///a\0b", "platform.db", ""])
def test_a_url_that_names_no_platform_is_invalid(tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidError), open_platform(url, root=tmp_path):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_relative_path_counts_from_the_root_and_an_absolute_one_does_not(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()

    with open_platform("sqlite:///.reconciler/platform.db", root=tmp_path / "root"):
        pass
    with open_platform(f"sqlite:///{tmp_path}/absolute.db", root=tmp_path / "root"):
        pass

    assert (tmp_path / "root/.reconciler/platform.db").is_file()
    assert (tmp_path / "root/.reconciler/.gitignore").read_text() == "*\n"
    assert (tmp_path / "absolute.db").stat().st_mode & 0o777 == 0o600


def test_text_that_is_not_unicode_is_invalid_and_nothing_is_imported(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path) as platform:
        platform.edit_package("basic", definition(), NOW)

        with pytest.raises(InvalidError) as raised:
            platform.import_clients([line("a", line=1), line("b", line=2, name="\ud800")], NOW)

        assert ["`\\ud800`" in finding.message for finding in raised.value.findings] == [True]
        assert list(platform.clients(NOW)) == []


def test_a_token_that_is_asked_for_by_no_unicode_is_invalid(tmp_path: Path) -> None:
    with (
        open_served(URL, root=tmp_path) as (_, register),
        pytest.raises(InvalidError, match="not valid Unicode") as raised,
    ):
        register.revoke("\udcff", NOW)

    assert raised.value.hint == r"Remove lone surrogates such as \ud800 from it."


def test_a_number_that_is_too_large_is_invalid(tmp_path: Path) -> None:
    question = ClientQuestion("basic", (1,), (UsesMoreThan("chat", 2**80),))
    with open_platform(URL, root=tmp_path) as platform:
        platform.edit_package("basic", definition(), NOW)

        with pytest.raises(InvalidError, match="too large"):
            platform.import_clients([line("a", users=2**70)], NOW)
        with pytest.raises(InvalidError, match="too large"):
            platform.answers([question], NOW, sample=1)
        with pytest.raises(InvalidError, match="a number is too large to be stored") as raised:
            platform.run(2**70)

        assert raised.value.hint == "The largest is 9,007,199,254,740,991."


def test_a_stream_that_is_closed_after_its_server_went_away_leaves_no_cursor_open(database: str) -> None:
    streamed = select(func.generate_series(1, 9_999)).execution_options(yield_per=100)
    with (
        closing(Database(make_url(database))) as reader,
        suppress(UnreachableError),
        reader.reading() as connection,
    ):
        rows = connection.execute(streamed)
        first = next(iter(rows))
        _end_other_connections(database)
        rows.close()
        del rows
        gc.collect()

    assert tuple(first) == (1,)


def _end_other_connections(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_connections_that_the_server_closed_while_they_were_idle_fail_nobody(database: str) -> None:
    with closing(Database(make_url(database))) as reader:
        with reader.looking() as one, reader.looking() as other:
            assert [each.scalar(select(1)) for each in (one, other)] == [1, 1]
        _end_other_connections(database)

        with reader.looking() as connection:
            assert connection.scalar(select(1)) == 1
