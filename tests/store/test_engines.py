"""What pools, standbys and sharding engines do not take: the store does without it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

from reconciler.conformance.building import NOW, definition, line
from reconciler.errors import InvalidError
from reconciler.live.opening import open_platform
from reconciler.model.questions import Answer, ClientQuestion, UsesMoreThan
from tests.servers import in_schema, with_parameters

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.live.port import Platform

CLIENTS = 6


def test_two_platforms_in_one_database_do_not_see_each_other(database: str, tmp_path: Path) -> None:
    with (
        open_platform(database, root=tmp_path) as one,
        open_platform(in_schema(database), root=tmp_path) as other,
    ):
        one.edit_package("basic", definition(), NOW)
        one.import_clients([line("c1")], NOW)

        seen = (other.packages(), list(other.clients(NOW)), other.holder_count(NOW))
        lineages = {one.identity().lineage, other.identity().lineage}

    assert seen == ((), [], 0)
    assert len(lineages) == 2


def test_clients_who_share_the_connections_of_a_pooler_do_not_meet_each_other(
    pooled_database: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        platforms = [
            stack.enter_context(open_platform(pooled_database, root=tmp_path)) for _ in range(CLIENTS)
        ]
        platforms[0].edit_package("basic", definition(), NOW)
        platforms[0].import_clients([line("c1"), line("c2")], NOW)
        asked = [ClientQuestion("basic", (1,), (UsesMoreThan("chat", 0),))]

        def use(platform: Platform) -> tuple[Answer, ...]:
            platform.record_usage("c1", "chat", 1, NOW)
            list(platform.clients(NOW))
            return platform.answers(asked, NOW, sample=1)

        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(use, platforms * 5))

        total = platforms[0].client("c1", NOW).usage

    assert answers == [(Answer(1, ("c1",)),)] * CLIENTS * 5
    assert total == {"chat": CLIENTS * 5}


def test_nothing_refers_from_one_schema_into_another_and_nothing_is_numbered_by_a_sequence(
    database: str,
) -> None:
    with psycopg.connect(database) as connection:
        across = connection.execute(
            "SELECT c.conname FROM pg_constraint c JOIN pg_class a ON a.oid = c.conrelid"
            " JOIN pg_class b ON b.oid = c.confrelid WHERE a.relnamespace <> b.relnamespace"
        ).fetchall()
        sequences = connection.execute("SELECT relname FROM pg_class WHERE relkind = 'S'").fetchall()

    assert (across, sequences) == ([], [])


@pytest.mark.parametrize(
    "schema", ["Agency", "a-b", 'a"b', "pg_agency", "information_schema", "1st", "a" * 64]
)
def test_a_schema_that_postgresql_cannot_have_is_refused(schema: str, tmp_path: Path) -> None:
    url = with_parameters("postgresql://ana@localhost/reconciler", schema=schema)

    with pytest.raises(InvalidError, match="schema"), open_platform(url, root=tmp_path):
        pass
