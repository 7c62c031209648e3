"""Events as rows: what is altered is found, and writing them makes nobody wait."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, with_client
from reconciler.engine.tokens import create_token
from reconciler.live.opening import open_platform, open_served
from reconciler.model.events import Author, Seal
from reconciler.model.packages import canonical_json, digest_of
from reconciler.model.tokens import Scope
from reconciler.planning.events import seal_of, verify

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.live.port import Platform

WRITERS = 32


def written(platform: Platform) -> None:
    with_client(platform)
    platform.edit_package("other", definition("Other"), NOW)
    platform.assign("acme", "other", LATER)
    apply(platform)
    platform.assign("acme", "basic", LATER)
    apply(platform)


def made_anew(path: Path) -> None:
    """Alter an assignment that run 2 sealed, and make all digests anew that hold it."""
    with open_platform("sqlite:///platform.db", root=path.parent) as platform:
        events = list(platform.events())
    assigned = next(each for each in events if (each.kind, each.run) == ("assign", 2))
    (run,) = (each for each in events if (each.kind, each.run) == ("run", 2))
    forged = replace(assigned, author="eve")
    sealed = Seal([forged.own_digest])
    told = replace(run, after={**(run.after or {}), "seal": sealed.digest})
    statement = "UPDATE events SET author = ?, after = ?, digest = ? WHERE id = ?"
    for each in (forged, told):
        altered(path, statement, each.author, canonical_json(each.after), each.own_digest, each.id)


def altered(path: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with open_platform("sqlite:///platform.db", root=tmp_path) as platform:
        written(platform)
    return tmp_path


def faults(place: Path, *heads: str) -> tuple[str, ...]:
    with open_platform("sqlite:///platform.db", root=place) as platform:
        return verify(platform.events(), heads).faults


def test_an_altered_event_is_found_and_named(place: Path) -> None:
    with open_platform("sqlite:///platform.db", root=place) as platform:
        event = next(each for each in platform.events() if (each.kind, each.run) == ("assign", 1))

    altered(place / "platform.db", "UPDATE events SET author = 'eve' WHERE id = ?", event.id)

    (fault,) = faults(place)
    assert fault.startswith(f"event {event.id} (assign, ")


def test_an_altered_event_with_a_digest_made_anew_is_found_by_the_run_that_sealed_it(place: Path) -> None:
    with open_platform("sqlite:///platform.db", root=place) as platform:
        event = next(each for each in platform.events() if (each.kind, each.run) == ("assign", 1))
    digest = digest_of({**event.content, "author": "eve"})

    statement = "UPDATE events SET author = 'eve', digest = ? WHERE id = ?"
    altered(place / "platform.db", statement, digest, event.id)

    assert faults(place) == ("run 1 sealed 4 events, and what is there now is not the same",)


def test_an_event_that_is_gone_is_found_by_the_run_that_sealed_it(place: Path) -> None:
    altered(place / "platform.db", "DELETE FROM events WHERE kind = 'add'")

    assert faults(place) == ("run 1 sealed 4 events, and what is there now is not the same",)


def test_a_run_that_is_gone_is_found_by_what_it_sealed_and_by_the_next_one(place: Path) -> None:
    altered(place / "platform.db", "DELETE FROM events WHERE kind = 'run' AND run_id = 1")

    gone, unfollowed = faults(place)
    assert gone == "run 1 sealed events, and its own is gone"
    assert unfollowed == "run 2 does not follow the seal of the run before it"


def test_all_made_anew_is_found_by_a_seal_that_was_kept_elsewhere(place: Path) -> None:
    with open_platform("sqlite:///platform.db", root=place) as platform:
        head = str(verify(platform.events()).head)

    altered(place / "platform.db", "DELETE FROM events")

    said = "run 2 does not have the seal that was kept: what a run from 1 to 2 sealed was altered"
    assert faults(place, head) == (said,)


def test_the_seals_that_applies_printed_name_the_run_that_sealed_what_was_made_anew(place: Path) -> None:
    with open_platform("sqlite:///platform.db", root=place) as platform:
        kept = [seal_of(run.id, run.seal) for run in platform.runs()]
    made_anew(place / "platform.db")

    said = "run 2 does not have the seal that was kept: what run 2 sealed was altered"
    assert faults(place) == ()
    assert faults(place, *kept) == (said,)


def test_writers_of_distinct_clients_meet_nobody(database: str, tmp_path: Path) -> None:
    with open_platform(database, root=tmp_path) as platform:
        platform.edit_package("basic", definition(), NOW)
        platform.edit_package("other", definition("Other"), NOW)
        ids = [f"c{number}" for number in range(WRITERS)]
        platform.import_clients([line(each, line=number) for number, each in enumerate(ids, 1)], NOW)

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda each: platform.assign(each, "other", LATER), ids))

        found = [event.client for event in platform.events() if event.kind == "assign"]
        assert sorted(filter(None, found)) == sorted(ids)
        assert verify(platform.events()).faults == ()


def test_a_token_that_is_made_or_ended_is_an_event_without_its_secret(tmp_path: Path) -> None:
    with open_served("sqlite:///platform.db", root=tmp_path) as (platform, register):
        by = Author("ana", reason="For the build.")
        token, text = create_token(register, "ci", [Scope.READ], NOW, by=by)
        register.revoke(token.id, LATER, by=by)
        register.revoke(token.id, LATER, by=by)

        made, ended = platform.events()

    assert [each.kind for each in (made, ended)] == ["token", "token"]
    assert (made.author, made.reason, made.before) == ("ana", "For the build.", None)
    assert made.after == {
        "token": token.id,
        "name": "ci",
        "scopes": ["read"],
        "expires_at": None,
        "revoked_at": None,
    }
    assert ended.before == made.after
    assert ended.after == {**(made.after or {}), "revoked_at": LATER.isoformat()}
    assert text.split("_", 2)[2] not in repr((made, ended))
