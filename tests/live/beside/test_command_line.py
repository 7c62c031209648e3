"""An apply in parts from the command line: no medium says that all of it was done, or that nothing was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.main import main
from tests.live.beside.installed import go_on, installed, stop
from tests.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[3]
HALF, WHOLE = 2, 6
"""Steps at which a package is half written, and at which one of three is whole."""
LOSS = {"removes": "calls", "clients": 3, "reason": "It is gone.", "until": "2099-12-31"}


@dataclass(frozen=True)
class Due:
    """A repository with three packages to be written on staging, one of which takes from a client."""

    repository: Repository
    site: Path

    @property
    def board(self) -> Path:
        return self.repository.root / "board.json"

    def apply_and_interrupt(self, step: int) -> subprocess.CompletedProcess[str]:
        stop(self.board, step, "interrupted")
        done = subprocess.run(
            ["env", "--default-signal=INT", sys.executable, "-m", "reconciler", "apply", "--yes", "--quiet"],
            cwd=self.repository.root,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{self.site}"},
            capture_output=True,
            text=True,
            check=False,
        )
        go_on(self.board)
        return done


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        return code, " ".join(printed.out.split()), " ".join(printed.err.split())

    return call


@pytest.fixture
def due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Due:
    site = installed(tmp_path / "site")
    monkeypatch.syspath_prepend(site)
    made = Repository.made(tmp_path / "repository")
    monkeypatch.chdir(made.root)
    environments: dict[str, Any] = {
        "staging": {"platform": "switchboard://board.json", "guards": {"clients_losing": "unlimited"}},
        "production": {"platform": "sqlite:///production.db", "after": "staging"},
    }
    config = {"catalog": "catalog.yaml", "default_environment": "staging", "environments": environments}
    made.write("reconciler.yaml", config)
    made.write(".gitignore", "*.db\n*.json\nboard.*\n.reconciler/\n")
    made.package("pro", features=["chat", "calls"])
    made.package("old", features=["chat"])
    made.commit()
    assert run("apply", "--yes")[0] == 0
    client = ("--name", "Acme", "--owner-email", "a@acme.example", "--package", "pro")
    assert run("clients", "add", "acme", *client)[0] == 0
    made.package("pro", features=["chat"], acknowledge=[LOSS])
    made.package("old", features=["chat"], archived=True)
    made.package("new", features=["chat"], user_count=9)
    made.commit()
    return Due(made, site)


@pytest.fixture
def parted(due: Due, run: Run) -> Due:
    """The same after an apply that failed with one package of three written."""
    stop(due.board, WHOLE)
    assert run("apply", "--yes")[0] == 6
    go_on(due.board)
    return due


def changes(told: str) -> list[str]:
    return sorted({each["key"] for each in json.loads(told)["changes"]})


def test_an_environment_that_comes_after_waits_until_all_of_the_commit_is_applied(
    parted: Due, run: Run
) -> None:
    commit = parted.repository.git("rev-parse", "HEAD")

    early = run("apply", "--yes", "-e", "production")
    healed = run("apply", "--yes")
    late = run("apply", "--yes", "-e", "production")

    assert (early[0], healed[0], late[0]) == (4, 0, 0)
    assert f"staging has not applied the commit {commit[:12]} yet" in early[1]


@pytest.mark.usefixtures("parted")
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize("command", ["plan", "drift"])
def test_what_is_left_is_what_people_read(run: Run, command: str, form: str) -> None:
    _, told, _ = run(command, "--format", form)

    assert "2 packages change: 1 updated, 1 archived." in told


@pytest.mark.usefixtures("parted")
def test_what_is_left_is_what_programs_read(run: Run) -> None:
    planned, drift = run("plan", "--format", "json"), run("drift", "--format", "json")

    assert (planned[0], drift[0]) == (0, 2)
    assert changes(planned[1]) == changes(drift[1]) == ["old", "pro"]


@pytest.mark.usefixtures("parted")
def test_the_history_says_what_was_done_and_what_is_left(run: Run) -> None:
    table, one = run("history")[1], run("history", "2")[1]
    entry = json.loads(run("history", "2", "--format", "json")[1])

    assert "1 created; 2 packages left" in table
    assert "Run 2 on staging: 1 created; 2 packages left" in one
    assert "left old, pro" in one
    assert (list(entry["after"]), entry["unfinished"]) == (["new"], ["old", "pro"])


@pytest.mark.usefixtures("parted")
def test_a_client_is_told_of_what_is_still_to_come(run: Run) -> None:
    assert "Calls" in run("notes")[1]
    assert run("clients", "show", "acme")[1].count("Calls") == 1
    assert run("apply", "--yes")[0] == 0
    assert run("notes")[1] == "No client is to be told anything: nobody loses anything now."


def test_a_reviewed_plan_that_failed_in_the_middle_is_not_said_to_be_applied(due: Due, run: Run) -> None:
    run("plan", "--out", "plan.json")
    stop(due.board, WHOLE)

    first = run("apply", "plan.json")
    go_on(due.board)
    again = run("apply", "plan.json")

    assert (first[0], again[0]) == (6, 5)
    assert "applied before, as run 2, without old, pro" in again[2]


def test_a_second_apply_heals_and_its_run_has_what_was_left(parted: Due, run: Run) -> None:
    assert run("apply", "--yes")[0] == 0

    assert "1 updated · 1 archived · 1 client moved" in run("history")[1]
    assert run("drift")[0] == 0
    assert run("events", "verify")[0] == 0
    assert json.loads(parted.board.read_text())["packages"]["pro"]["terms"]["features"] == ["chat"]


def test_who_interrupts_an_apply_in_parts_is_told_that_a_part_was_applied(due: Due, run: Run) -> None:
    done = due.apply_and_interrupt(WHOLE)

    assert (done.returncode, done.stderr.strip()) == (
        130,
        "Interrupted, and it was applied in part as run 2.",
    )
    assert changes(run("plan", "--format", "json")[1]) == ["old", "pro"]


def test_who_interrupts_with_a_package_half_written_is_not_told_that_nothing_was(due: Due, run: Run) -> None:
    done = due.apply_and_interrupt(HALF)

    assert done.returncode == 130
    assert "Nothing was applied" not in done.stderr
    assert "No package was changed as a whole; `reconciler plan` has what is left." in done.stderr
    assert changes(run("plan", "--format", "json")[1]) == ["new", "old", "pro"]
    assert run("apply", "--yes")[0] == 0
    assert run("drift")[0] == 0
