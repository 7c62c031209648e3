"""What an embedded platform says where a rule or its own file forbids something."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.conformance.building import LATER, NOW, apply, definition, line, with_catalog, with_client
from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.live.http.platform import open_http
from reconciler.live.opening import Address, adopt_platform, open_platform
from reconciler.model.changesets import Move
from reconciler.model.grants import Revoking
from reconciler.model.questions import ClientQuestion
from reconciler.store.database import Database
from reconciler.store.schema import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.live.port import Platform

URL = "sqlite:///platform.db"
EVERYONE = ClientQuestion("basic", (1,))
FULL: dict[str, Any] = {"features": ["chat"], "limits": {"sources": 5}}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A package `basic`, of whose 5 sources `acme` has used 2."""
    with open_platform(URL, root=tmp_path) as opened:
        with_catalog(opened)
        opened.edit_package("basic", definition(**FULL), NOW)
        with_client(opened, usage={"sources": 2})
        yield opened


def moved_into(platform: Platform, **changed: Any) -> None:
    archived = bool(changed.pop("archived", False))
    platform.edit_package("basic", definition(**changed), NOW, archived=archived)
    apply(platform, moves=(Move(EVERYONE, 1),))


def assigned_by_a_line(platform: Platform) -> None:
    platform.edit_package("pro", definition("Pro"), NOW)
    platform.import_clients([line("acme", package="pro")], NOW)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (
            lambda platform: platform.record_usage("acme", "sources", 9, NOW),
            (
                "client `acme` may use 5 of `sources` and would be at 11 "
                "Wait for the next cycle, or assign a package that grants more."
            ),
        ),
        (
            lambda platform: platform.record_usage("acme", "sources", -3, NOW),
            "client `acme` has used 2 of `sources` and cannot give back 3 ",
        ),
        (
            lambda platform: platform.record_usage("acme", "agent", 1, NOW),
            (
                "client `acme` is not entitled to `agent`: its subscription to `basic` is active, "
                "and does not grant it Assign a package that grants it."
            ),
        ),
        (
            lambda platform: platform.set_users("acme", 9, NOW),
            "client `acme` may have 5 users and would have 9 Assign a package with a higher user count.",
        ),
        (
            lambda platform: platform.set_users("acme", -1, NOW),
            "a client cannot have -1 users Give a whole number from 0.",
        ),
        (
            lambda platform: platform.adjust("acme", Revoking("gone"), NOW),
            "client `acme` has no grant `gone` `clients show acme` lists those that have not ended.",
        ),
        (
            lambda platform: platform.add_client(line("acme"), NOW),
            "client `acme` exists `clients import` updates clients, `clients assign` gives another package.",
        ),
        (
            lambda platform: platform.add_client(line("bolt", users=9), NOW),
            (
                "client `bolt`: package `basic` is for 5 users, and it has 9 "
                "Assign a package with a higher user count."
            ),
        ),
        (
            lambda platform: moved_into(platform, archived=True),
            "package `basic` is archived: nobody is reassigned to it (rule 8) ",
        ),
        (
            lambda platform: moved_into(platform, allowed_emails=["ops@bolt.example"]),
            "1 client is not allowed package `basic` (rule 5) Leave them on the revision that they hold.",
        ),
        (
            assigned_by_a_line,
            (
                "Nothing was imported: 1 client gets another package or start by it. "
                "Import with `assign` (--assign) to have that done."
            ),
        ),
        (
            lambda platform: platform.import_clients([line("bolt", package="none")], LATER),
            "1 line is bad; nothing was imported Correct the lines and import again.",
        ),
    ],
)
def test_a_rule_that_forbids_it_is_told_with_what_to_do(
    platform: Platform, refused: Callable[[Platform], object], said: str
) -> None:
    with pytest.raises(ReconcilerError) as raised:
        refused(platform)

    assert f"{raised.value.message} {raised.value.hint}" == said


def test_a_file_that_lost_its_lineage_is_told(tmp_path: Path) -> None:
    with open_platform(URL, root=tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "platform.db", isolation_level=None)) as file:
        file.execute("DELETE FROM meta")

    with (
        open_platform(URL, root=tmp_path) as platform,
        pytest.raises(UnreachableError, match=r"platform\.db has no lineage") as raised,
    ):
        platform.identity()

    assert raised.value.hint == "Restore the file from a backup."


def test_a_file_that_cannot_be_copied_first_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "platform.db"
    with closing(Database(path)) as database:
        database.migrate("0002")
    (tmp_path / "platform.db.0002").mkdir()

    with pytest.raises(UnreachableError, match="a copy of the platform as it was") as raised:
        open_platform(URL, root=tmp_path).__enter__()

    assert raised.value.hint == "Nothing was migrated. Check that the folder can be written."
    with closing(Database(path)) as database:
        assert database.form() == Form("0002", "0001")


def test_what_is_no_database_of_its_own_is_not_adopted(tmp_path: Path) -> None:
    with pytest.raises(ReconcilerError, match="only a database can be served") as raised:
        adopt_platform(Address("https://packages.example.com"), root=tmp_path)

    assert raised.value.hint == "Name a sqlite:/// or postgresql:// platform."


def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(ReconcilerError, match=r"not sent to packages\.example\.com unencrypted") as raised:
        open_http("http://packages.example.com", token="t").__enter__()  # noqa: S106 - of no server

    assert raised.value.hint == "Write https:// instead of http://."
