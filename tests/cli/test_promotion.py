"""One commit, applied on staging and then on production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.cli.main import main
from tests.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


def environments(**production: Any) -> dict[str, Any]:
    staging = {"platform": "sqlite:///staging.db"}
    ours = {"platform": "sqlite:///production.db", "after": "staging", **production}
    return {
        "catalog": "catalog.yaml",
        "default_environment": "staging",
        "environments": {"staging": staging, "production": ours},
    }


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(".gitignore", "*.db\n.reconciler/\n*.json\n")
    made.write("reconciler.yaml", environments())
    made.package("pro", features=["chat"])
    made.commit("Begin")
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def run(repository: Repository, capsys: pytest.CaptureFixture[str]) -> Run:
    assert repository.root.is_dir()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, " ".join(printed.out.split()), " ".join(printed.err.split())

    return call


def test_a_commit_is_applied_only_after_the_environment_that_comes_before_has_it(
    run: Run, repository: Repository
) -> None:
    commit = repository.git("rev-parse", "HEAD")

    early = run("apply", "--yes", "-e", "production")
    run("apply", "--yes", "-e", "staging")
    due = run("apply", "--yes", "-e", "production")

    assert (early[0], due[0]) == (4, 0)
    assert f"staging has not applied the commit {commit[:12]} yet" in early[1]
    assert "after blocks the whole plan" in early[2]
    assert "pass once with --allow 'after:*'." in early[2]


def test_a_saved_plan_is_judged_by_it_anew(run: Run) -> None:
    planned = run("plan", "-e", "production", "--out", "plan.json")
    early = run("apply", "plan.json")
    run("apply", "--yes", "-e", "staging")

    assert (planned[0], early[0]) == (0, 4)
    assert "An apply waits until staging has recorded the same commit." in planned[1]
    assert run("apply", "plan.json")[0] == 0


def test_an_apply_with_nothing_to_do_records_its_commit_once(run: Run, repository: Repository) -> None:
    run("apply", "--yes", "-e", "staging")
    repository.write("README.md", "No package changes.")
    commit = repository.commit()

    first = run("apply", "--yes", "-e", "staging")
    again = run("apply", "--yes", "-e", "staging")

    assert f"Recorded the commit {commit[:12]} as run 2." in first[2]
    assert "Recorded" not in again[2]
    assert run("apply", "--yes", "-e", "production")[0] == 0


@pytest.mark.parametrize("saved", [False, True])
def test_an_apply_with_nothing_to_do_waits_for_the_commit_as_any_other_does(
    run: Run, repository: Repository, *, saved: bool
) -> None:
    for each in ("staging", "production"):
        run("apply", "--yes", "-e", each)
    repository.write("README.md", "No package changes.")
    commit = repository.commit()
    run("plan", "-e", "production", "--out", "plan.json")
    typed = ("apply", "plan.json") if saved else ("apply", "--yes", "-e", "production")

    early = run(*typed)
    history = run("history", "-e", "production")[1]
    run("apply", "--yes", "-e", "staging")
    due = run(*typed)

    assert (early[0], due[0]) == (4, 0)
    assert f"staging has not applied the commit {commit[:12]} yet" in early[1]
    assert commit[:8] not in history
    assert f"Recorded the commit {commit[:12]} as run 2." in due[2]


def test_what_was_recorded_here_is_not_asked_for_again(run: Run) -> None:
    run("apply", "--yes", "-e", "production", "--allow", "after:*")

    assert run("apply", "--yes", "-e", "production")[0] == 0


def test_a_rollback_made_from_a_commit_does_not_record_it(run: Run, repository: Repository) -> None:
    run("apply", "--yes", "-e", "staging")
    repository.package("pro", features=["chat", "calls"])
    repository.commit()
    run("apply", "--yes", "-e", "staging")
    repository.package("pro", features=["calls"])
    commit = repository.commit()
    run("rollback", "2", "--yes", "-e", "staging")

    code, printed, _ = run("apply", "--yes", "-e", "production")

    assert (code, f"staging has not applied the commit {commit[:12]} yet" in printed) == (4, True)


def test_uncommitted_edits_are_no_commit_that_could_have_been_seen(run: Run, repository: Repository) -> None:
    repository.package("pro", features=[])
    run("apply", "--yes", "-e", "staging")

    code, printed, _ = run("apply", "--yes", "-e", "production")

    assert (code, "no commit that staging could have" in printed) == (4, True)


def test_the_plan_says_what_the_environment_before_has_already(run: Run, repository: Repository) -> None:
    run("apply", "--yes", "-e", "staging")
    run("apply", "--yes", "-e", "production")
    repository.package("new")
    repository.commit()
    run("apply", "--yes", "-e", "staging")

    assert "staging has what production has not: new." in run("plan", "-e", "production")[1]


def test_a_rollback_needs_no_promotion(run: Run, repository: Repository) -> None:
    run("apply", "--yes", "-e", "staging")
    run("apply", "--yes", "-e", "production")
    repository.package("pro", features=[])

    assert run("rollback", "1", "--yes", "-e", "production")[0] == 0


def test_the_waiver_lets_one_apply_pass(run: Run) -> None:
    assert run("apply", "--yes", "-e", "production", "--allow", "after:*")[0] == 0


@pytest.mark.parametrize("named", ["stagging", "production"])
def test_an_environment_comes_after_another_one_that_is_there(
    run: Run, repository: Repository, named: str
) -> None:
    repository.write("reconciler.yaml", environments(after=named))

    code, printed, message = run("validate")

    assert (code, "unknown-environment" in printed + message) == (3, True)
