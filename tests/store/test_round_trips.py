"""What a write asks of PostgreSQL is a number of round trips, each of which it waits for."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from reconciler.conformance.building import NOW, with_client
from reconciler.errors import UnreachableError
from reconciler.live.opening import open_served
from reconciler.model.idempotency import KeyedRequest
from reconciler.store.round_trips import SparingConnection
from tests.mortal_postgres import mortal_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import ServedPlatform

WRITES: dict[str, Callable[[ServedPlatform], object]] = {
    "an assignment": lambda platform: platform.assign("acme", "basic", NOW),
    "a record of usage": lambda platform: platform.record_usage("acme", "chat", 1, NOW),
}
ONE_TO_ASK_AND_ONE_TO_WRITE = 2
A_QUESTION = re.compile(r"\tF\t\d+\t(Query|Sync|Flush)\b")
"""What is answered at once. Flush after Sync would have PgBouncer hold a connection for nobody."""

TELLING = "tellingword"
LARGER_THAN_BUFFERS = 16 * 1024 * 1024


@contextmanager
def questions(log: Path) -> Iterator[list[str]]:
    """Give what asks PostgreSQL for an answer within the block, once it has ended."""
    sent: list[str] = []
    with log.open("w+", encoding="utf-8") as file:

        def trace(connection: Any, _record: object, _proxy: object) -> None:
            connection.pgconn.trace(file.fileno())

        def end(connection: Any, _record: object) -> None:
            connection.pgconn.untrace()

        event.listen(Engine, "checkout", trace)
        event.listen(Engine, "checkin", end)
        try:
            yield sent
        finally:
            event.remove(Engine, "checkout", trace)
            event.remove(Engine, "checkin", end)
        file.seek(0)
        sent.extend(line for line in file if A_QUESTION.search(line))


@pytest.fixture
def platform(database: str, tmp_path: Path) -> Iterator[ServedPlatform]:
    with open_served(database, root=tmp_path) as (opened, _):
        with_client(opened)
        yield opened


@pytest.mark.parametrize("what", WRITES)
def test_a_client_s_write_under_a_key_takes_two_round_trips(
    platform: ServedPlatform, tmp_path: Path, what: str
) -> None:
    def once(key: str) -> str:
        return platform.once(KeyedRequest(key, "f", NOW), lambda: str(bool(WRITES[what](platform))))

    once("what a process keeps from now on: definitions and the catalog")

    with questions(tmp_path / "trace") as sent:
        once("k")

    assert len(sent) == ONE_TO_ASK_AND_ONE_TO_WRITE, sent


def test_what_does_not_fit_the_tables_of_a_newer_program_says_that_they_are(
    platform: ServedPlatform, database: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE clients RENAME COLUMN owner_email TO addresses")
        connection.execute("UPDATE schema_version SET version_num = '9999', oldest = '9999'")

    with pytest.raises(UnreachableError, match="newer version"):
        platform.record_usage("acme", "chat", 1, NOW)


def test_what_is_written_stands_in_no_statement_that_the_server_logs_or_shows(tmp_path: Path) -> None:
    request = KeyedRequest("k", "f", NOW)

    def add(platform: ServedPlatform, client: str) -> str:
        with_client(platform, client, owner_email=f"{TELLING}@{client}.example")
        return str(platform.client(client, NOW))

    with mortal_postgres() as server:
        with open_served(server.url, root=tmp_path) as (platform, _):
            platform.once(request, lambda: add(platform, "acme"))
            with psycopg.connect(server.url) as other:
                shown = str(other.execute("SELECT query FROM pg_stat_activity").fetchall())
            platform.once(request, lambda: add(platform, "globex"))
        logged = (server.folder / "log").read_text(encoding="utf-8")

    assert "COMMIT" in shown
    assert TELLING not in shown
    assert "duplicate key" in logged
    assert "STATEMENT:  INSERT" in logged
    assert TELLING not in logged


@pytest.fixture(params=["database", "pooled_database"])
def sparing(request: pytest.FixtureRequest) -> Iterator[SparingConnection]:
    """A connection on which each transaction begins without a statement of its own."""
    with SparingConnection.connect(request.getfixturevalue(request.param), prepare_threshold=None) as opened:
        opened.execute("CREATE TABLE notes (number int PRIMARY KEY, text text)")
        opened.begin("BEGIN ISOLATION LEVEL SERIALIZABLE")
        yield opened


def write(sparing: SparingConnection, *numbers: int, text: str = "") -> None:
    for number in numbers:
        sparing.write_later("INSERT INTO notes VALUES (%s, %s)", (number, text))


def kept(sparing: SparingConnection) -> list[int]:
    return [number for (number,) in sparing.execute("SELECT number FROM notes ORDER BY number")]


@pytest.mark.parametrize("end", [SparingConnection.commit, kept, SparingConnection.send_kept])
def test_the_first_of_what_fails_is_raised_and_the_connection_goes_on(
    sparing: SparingConnection, end: Callable[[SparingConnection], object]
) -> None:
    write(sparing, 1, 1)
    sparing.write_later("INSERT INTO nowhere VALUES (%s)", (1,))

    with pytest.raises(psycopg.errors.UniqueViolation):
        end(sparing)

    sparing.rollback()
    assert kept(sparing) == []
    sparing.begin("BEGIN")
    write(sparing, 2)
    sparing.commit()
    assert kept(sparing) == [2]


def test_nothing_is_committed_that_an_answer_forbids(sparing: SparingConnection) -> None:
    def refuse(_row: object) -> None:
        raise UnreachableError("the tables are of a newer version", hint="")

    sparing.ask_later("SELECT %s::int", (1,), refuse)
    write(sparing, 1)

    with pytest.raises(UnreachableError):
        sparing.commit()

    sparing.rollback()
    assert kept(sparing) == []


def test_what_is_written_with_an_answer_that_allows_it_is_committed(sparing: SparingConnection) -> None:
    sparing.ask_later("SELECT %s::int", (1,), lambda _: None)
    write(sparing, 1)

    sparing.commit()

    assert sparing.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert kept(sparing) == [1]


def test_a_percent_sign_in_a_statement_is_written_twice(sparing: SparingConnection) -> None:
    assert sparing.ask("SELECT %s || '%%'", ("1",)) == [("1%",)]


def test_text_that_the_database_cannot_keep_is_refused_and_never_cut(sparing: SparingConnection) -> None:
    write(sparing, 1, text="a\0b")

    with pytest.raises(psycopg.DataError, match="NUL"):
        sparing.commit()

    sparing.rollback()
    assert kept(sparing) == []


def test_answers_are_heard_in_order_and_before_the_statement_that_they_went_with(
    sparing: SparingConnection,
) -> None:
    heard: list[object] = []
    for number in (-1, 2):
        sparing.ask_later("SELECT %s::int, %s", (number, "x"), heard.append)
    write(sparing, 7)
    sparing.ask_later("SELECT number FROM notes WHERE text = %s", ("none",), heard.append)

    assert kept(sparing) == [7]
    assert heard == [(-1, "x"), (2, "x"), None]


def test_more_than_buffers_hold_is_written_with_commit(sparing: SparingConnection) -> None:
    write(sparing, 1, 2, text="x" * LARGER_THAN_BUFFERS)

    sparing.commit()

    assert kept(sparing) == [1, 2]


def test_a_transaction_that_does_nothing_sends_nothing(sparing: SparingConnection, tmp_path: Path) -> None:
    with (tmp_path / "trace").open("w+", encoding="utf-8") as file:
        sparing.pgconn.trace(file.fileno())
        sparing.commit()
        sparing.rollback()
        sparing.pgconn.untrace()
        assert file.read() == ""


def test_what_was_kept_back_goes_before_a_stream_and_before_many_rows(sparing: SparingConnection) -> None:
    write(sparing, 1)
    with sparing.cursor("streamed") as cursor:
        assert cursor.execute("SELECT number FROM notes").fetchall() == [(1,)]
    write(sparing, 2)
    sparing.cursor().executemany("INSERT INTO notes VALUES (%s, 'x')", [(3,), (4,)])
    sparing.commit()

    assert kept(sparing) == [1, 2, 3, 4]
