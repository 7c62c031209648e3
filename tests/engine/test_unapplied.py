"""What was committed and never applied is named, with its commit, by every later plan."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from reconciler.live.opening import open_served
from reconciler.server.app import application
from reconciler.wire import paths
from tests.repository import Repository
from tests.servers import running, served

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository.made(tmp_path / "repository")
    for key in ("basic", "pro"):
        made.package(key, features=["chat"])
    made.commit("Begin")
    monkeypatch.chdir(made.root)
    assert main(["apply", "--yes", "-q"]) == 0
    return made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


class Said:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        self._capsys.readouterr()
        main(arguments)
        told = " ".join(self._capsys.readouterr().out.split())
        return told.partition("Committed earlier, and not applied yet: ")[2]


def test_a_plan_names_what_earlier_commits_changed_and_no_apply_did(
    repository: Repository, said: Said
) -> None:
    repository.package("pro", features=["chat", "calls"])
    forgotten = repository.commit("Give pro calls")
    repository.package("basic", features=["chat", "calls"])
    mine = repository.commit("Give basic calls")

    plan, drift = said("plan"), said("drift")

    assert f"pro ({forgotten[:12]} “Give pro calls”)." in plan
    assert f"basic ({mine[:12]} “Give basic calls”), pro ({forgotten[:12]} “Give pro calls”)." in drift


def test_what_is_forgotten_is_named_also_after_a_run_of_its_commit_that_left_it(
    repository: Repository, said: Said
) -> None:
    repository.package("basic", features=["chat", "calls"])
    repository.commit("Give basic calls")
    repository.write(".gitignore", "platform.db\n.reconciler/\nplan.json\n")
    main(["plan", "--out", "plan.json", "-q"])
    repository.package("pro", features=["chat", "calls"])
    forgotten = repository.commit("Give pro calls")
    assert main(["apply", "plan.json", "-q"]) == 0
    repository.commit("Nothing about packages")

    assert said("plan").startswith(f"pro ({forgotten[:12]} “Give pro calls”).")


def test_a_merge_counts_for_what_it_merged(repository: Repository, said: Said) -> None:
    repository.git("switch", "-q", "-c", "mine")
    repository.package("pro", features=["chat", "calls"])
    repository.commit("Detail of a branch")
    repository.git("switch", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "-m", "Merge pull request 7", "mine")
    repository.commit("Nothing about packages")

    assert "“Merge pull request 7”" in said("plan")


def test_a_removed_file_and_a_term_of_the_catalog_are_named_too(repository: Repository, said: Said) -> None:
    (repository.root / "packages" / "pro.yaml").unlink()
    text = (repository.root / "catalog.yaml").read_text()
    repository.write("catalog.yaml", text.replace("Calls", "Audio calls"))
    commit = repository.commit("Tidy up")
    repository.commit("Nothing")

    plan = said("plan")

    assert plan.count(f"({commit[:12]} “Tidy up”)") == 2
    assert "pro (" in plan
    assert "the catalog (" in plan


def test_what_is_edited_beside_a_commit_or_changed_by_hand_is_no_commits(
    repository: Repository, said: Said
) -> None:
    repository.package("pro", features=["chat", "calls"])

    assert said("plan") == ""


def test_what_a_commit_is_called_is_printed_as_it_reads_and_obeyed_by_nobody(
    repository: Repository, said: Said
) -> None:
    repository.package("pro", features=["chat", "calls"])
    repository.commit("::error::owned <b>@everyone</b> [x](http://x.example)\x1b[0K " + "long " * 30)
    repository.commit("Nothing")

    told = said("plan", "--format", "markdown")

    prose = re.sub(r"`[^`]*`", "", told)
    assert told
    assert not any(each in prose for each in ("<b>", "[x](", "@everyone"))
    assert told.count("long") < 5


class Noting:
    """Notes what is asked about runs, as plain ASGI."""

    def __init__(self, app: ASGIApp, asked: list[str]) -> None:
        self._app, self._asked = app, asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == paths.RUNS:
            self._asked.append(scope["query_string"].decode())
        await self._app(scope, receive, send)


def test_of_runs_over_http_a_plan_reads_no_more_than_it_needs_with_what_they_changed(
    repository: Repository,
) -> None:
    for number in range(2, 10):
        repository.package("pro", features=["chat"], description=f"The {number}th")
        repository.commit(f"Describe pro, {number}")
        assert main(["apply", "--yes", "-q"]) == 0
    asked: list[str] = []
    with open_served("sqlite:///platform.db", root=repository.root) as (platform, _):
        api = application(served(platform))
        api.add_middleware(Noting, asked=asked)
        with running(api) as url:
            configuration = {"catalog": "catalog.yaml", "environments": {"local": {"platform": url}}}
            repository.write("reconciler.yaml", configuration)
            repository.commit("Move")
            assert main(["plan", "-q"]) == 0
            of_nothing = [*asked]
            asked.clear()
            repository.package("pro", features=["chat", "calls"])
            repository.commit("Give pro calls")
            assert main(["plan", "-q"]) == 0

    whole = [each for each in asked if "brief=true" not in each]
    assert of_nothing
    assert all("brief=true" in each for each in of_nothing)
    assert whole == ["limit=5"]
