"""A primary with a hot standby: it is read there, and a failover in mid-apply loses nothing."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from reconciler.cli.main import main
from reconciler.conformance.building import LATER, NOW, change_set, definition, line
from reconciler.errors import UnreachableError
from reconciler.live.opening import open_platform
from reconciler.model.changesets import Move, PackageWrite
from reconciler.model.questions import ClientQuestion
from tests.mortal_postgres import with_standby
from tests.workspaces import repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.mortal_postgres import MortalPostgres

CLIENTS = 50
MOMENTS = (4, 12, "commit")
ANSWERED = {0, 2, 4}
PRO = "title: Pro\nfeatures: [chat, calls]\nuser_count: 5\n"
LESS = "title: Pro\nfeatures: [chat]\nuser_count: 5\n"
ADD = ("clients", "add", "bell", "--name", "Bell", "--owner-email", "ops@bell.example", "--package", "pro")
WRITING = (("apply", "--yes"), tuple(word.replace("bell", "acme") for word in ADD))
READING = (
    ("plan",),
    ("drift",),
    ("explain", "acme"),
    ("clients", "list"),
    ("clients", "show", "acme"),
    ("clients", "usage", "pro"),
    ("history",),
    ("pull", "--check", "--diff"),
)
TOLD_BY_A_COPY = (("explain", "bell"), ("clients", "list"), ("clients", "show", "bell"))


def both(primary: MortalPostgres, standby: MortalPostgres) -> str:
    """Give the address of whichever of the two may be written."""
    hosts = {"host": [str(primary.folder), str(standby.folder)], "target_session_attrs": "read-write"}
    return make_url(primary.url).update_query_dict(hosts).render_as_string(hide_password=False)


@contextmanager
def dying_at(moment: int | str, kill: Callable[[], None]) -> Iterator[None]:
    """Kill before the statement of that number, or around the commit."""
    name, last = ("before_cursor_execute", moment) if isinstance(moment, int) else (moment, 1)
    seen: list[int] = []

    def count(*_: Any) -> None:
        seen.append(len(seen) + 1)
        if seen[-1] == last:
            kill()

    event.listen(Engine, name, count)
    try:
        yield
    finally:
        event.remove(Engine, name, count)
    assert last in seen


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_an_apply_that_lost_its_primary_is_done_once_on_the_promoted_standby(
    tmp_path: Path, moment: int | str
) -> None:
    with (
        with_standby() as (primary, standby),
        open_platform(both(primary, standby), root=tmp_path) as platform,
    ):
        platform.edit_package("basic", definition(), NOW)
        platform.import_clients([line(f"c{number}", line=number) for number in range(1, CLIENTS + 1)], NOW)
        write = PackageWrite("basic", definition(features=[]), 1)
        planned = change_set(platform, writes=(write,), moves=(Move(ClientQuestion("basic", (1,)), CLIENTS),))

        with dying_at(moment, primary.kill), pytest.raises(UnreachableError):
            platform.apply(planned)
        standby.promote()
        run = platform.apply(planned)

        assert run.moved == CLIENTS
        assert platform.runs() == (run,)
        assert platform.holdings(["basic"], LATER) == {"basic": {2: CLIENTS}}


def test_every_command_that_reads_reads_from_a_hot_standby(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with with_standby() as (primary, standby):
        platforms = {"primary": primary.url, "standby": standby.url}
        environments = {name: {"platform": url} for name, url in platforms.items()}
        config = json.dumps({"default_environment": "primary", "environments": environments})
        repository(tmp_path, config=config, pro=PRO)
        monkeypatch.chdir(tmp_path)
        written = [main((*command, "-e", "primary")) for command in WRITING]
        repository(tmp_path, config=config, pro=LESS)
        capsys.readouterr()

        for command in READING:
            answers = []
            for name in platforms:
                code = main((*command, "-e", name))
                answers.append((code, capsys.readouterr().out.replace("standby", "primary")))
            assert answers[0] == answers[1], command
            assert answers[0][0] in ANSWERED, command
        refused = main((*ADD, "-e", "standby"))

    assert written == [0] * len(WRITING)
    assert refused == 7
    assert "cannot be written" in capsys.readouterr().err


def test_reading_commands_ask_the_standby_that_is_named_for_them_and_writing_ones_the_primary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with with_standby() as (primary, standby):
        split = {"platform": primary.url, "read_platform": standby.url}
        config = json.dumps({"default_environment": "split", "environments": {"split": split}})
        repository(tmp_path, config=config, pro=PRO)
        monkeypatch.chdir(tmp_path)
        written = [main(command) for command in (*WRITING, ADD)]
        repository(tmp_path, config=config, pro=LESS)
        capsys.readouterr()

        planned, plan = main(("plan",)), capsys.readouterr().out
        primary.kill()
        told = [main(command) for command in TOLD_BY_A_COPY]

    assert written == [0, 0, 0]
    assert planned in ANSWERED
    assert "from a copy that has all runs" in plan
    assert told == [0, 0, 0]
    assert "bell" in capsys.readouterr().out
