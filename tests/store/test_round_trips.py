"""What a write asks of PostgreSQL is a number of messages, each of which it waits for."""

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import ServedPlatform

WRITES: dict[str, Callable[[ServedPlatform], object]] = {
    "an assignment": lambda platform: platform.assign("acme", "basic", NOW),
    "a record of usage": lambda platform: platform.record_usage("acme", "chat", 1, NOW),
}
ONE_TO_ASK_AND_ONE_TO_WRITE = 2
A_QUESTION = re.compile(r"\tF\t\d+\t(Query|Sync)\b")


@contextmanager
def messages(log: Path) -> Iterator[list[str]]:
    """Give what is sent to PostgreSQL within the block, once it has ended."""
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
def test_a_client_s_write_under_a_key_takes_two_messages(
    platform: ServedPlatform, tmp_path: Path, what: str
) -> None:
    def once(key: str) -> str:
        return platform.once(KeyedRequest(key, "f", NOW), lambda: str(bool(WRITES[what](platform))))

    once("what a process keeps from now on: definitions and the catalog")

    with messages(tmp_path / "messages") as sent:
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
