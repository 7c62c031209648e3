"""From a plan to its apply on the command line: saved plans, answers, and what interrupts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from starlette.middleware.base import BaseHTTPMiddleware

from reconciler.cli.main import main
from reconciler.live.opening import open_platform, open_served
from reconciler.server.app import application
from reconciler.sources.plan_file import read_plan, write_plan
from tests.repository import Repository
from tests.servers import running, served
from tests.terminals import answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request, Response
    from starlette.middleware.base import RequestResponseEndpoint

    Run = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]
ADD = ["clients", "add", "acme", "--name", "Acme", "--owner-email", "ops@acme.example", "--package", "pro"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.package("pro", features=["chat", "calls"])
    made.commit("Begin")
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def run(repository: Repository, capsys: pytest.CaptureFixture[str]) -> Run:
    assert repository.root.is_dir()

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_a_rollback_is_saved_reviewed_and_applied_from_its_file(run: Run, repository: Repository) -> None:
    run("apply", "--yes")
    repository.package("pro", features=["chat"])
    run("apply", "--yes")

    saved = run("rollback", "2", "--reason", "Too early", "--out", "back.json")
    shown = run("show", "back.json")
    applied = run("apply", "back.json")

    assert (saved[0], shown[0], applied[0]) == (0, 0, 0)
    assert "Saved to back.json. Next: reconciler apply back.json --reason 'Too early'\n" in saved[1]
    assert "Applied as run 3" in applied[1]
    left = run("plan", "--detailed-exitcode")
    assert left[0] == 0
    assert "local is as a rollback left it, and else as the files say." in " ".join(left[1].split())
    assert "Left as run 3, a rollback, made it: pro." in left[1]


def test_a_move_is_saved_and_applied_from_its_file(run: Run, repository: Repository) -> None:
    run("apply", "--yes")
    run(*ADD)
    repository.package("pro", features=["chat", "calls"], user_count=9)
    run("apply", "--yes")

    saved = run("clients", "reassign", "acme", "--out", "move.json")

    assert saved[0] == 0
    assert "1 client moved" in run("apply", "move.json")[1]


def test_a_move_of_named_clients_is_not_saved_where_no_file_may_name_them(
    run: Run, repository: Repository
) -> None:
    run("apply", "--yes")
    run(*ADD)
    repository.package("pro", features=["chat", "calls"], user_count=9)
    run("apply", "--yes")

    code, _, message = run("clients", "reassign", "acme", "--out", "move.json", "--no-clients")

    assert (code, "no client is to be named" in message) == (64, True)
    assert not (repository.root / "move.json").exists()


@pytest.mark.parametrize("command", [["rollback", "1"], ["clients", "reassign", "acme"]])
@pytest.mark.parametrize("asked", [["--out", "plan.json", "--yes"], ["-o", "-", "-y", "--quiet"]])
def test_a_plan_is_either_saved_or_applied_at_once(
    run: Run, repository: Repository, command: list[str], asked: list[str]
) -> None:
    run("apply", "--yes")
    run(*ADD)

    code, printed, message = run(*command, *asked)

    assert (code, printed) == (64, "")
    assert "--out saves a plan, --yes applies it at once: nothing was done." in message
    assert not (repository.root / "plan.json").exists()


@pytest.mark.parametrize("command", [["apply"], ["rollback", "1"]])
def test_without_a_terminal_the_plan_is_printed_and_what_to_add_is_said(
    run: Run, repository: Repository, command: list[str]
) -> None:
    run("apply", "--yes")
    repository.package("pro", features=["chat"])

    code, printed, message = run(*command, "-e", "local")

    assert code == 64
    assert "Plan: 1 to" in printed
    assert "There is no terminal to ask on; nothing was applied." in message
    assert "To apply it: reconciler " in message
    assert f"reconciler {' '.join(command)} --yes --environment local" in message


def test_a_block_is_told_before_the_lack_of_a_terminal(run: Run, repository: Repository) -> None:
    run("apply", "--yes")
    run(*ADD)
    (repository.root / "packages" / "pro.yaml").unlink()
    repository.package("other")

    code, printed, message = run("apply")

    assert (code, "vanished blocks pro" in message) == (4, True)
    assert "Blocked" in printed


@pytest.mark.parametrize("command", [["rollback", "99"], ["clients", "reassign", "nosuch"]])
def test_what_is_not_there_is_told_before_the_lack_of_a_terminal(run: Run, command: list[str]) -> None:
    run("apply", "--yes")

    code, _, message = run(*command)

    assert (code, "terminal" in message) == (64, False)


def test_no_is_an_answer(repository: Repository) -> None:
    ended, seen = answered(repository.root, b"n\n", "apply")

    assert ended == 130
    assert "Nothing was applied." in seen
    assert "Interrupted" not in seen


def test_the_next_command_repeats_the_options_and_waivers_that_it_needs_and_no_others(
    run: Run, repository: Repository
) -> None:
    run("apply", "--yes")
    run(*ADD)
    (repository.root / "packages" / "pro.yaml").unlink()
    repository.package("other")
    waivers = ("--allow", "vanished:pro", "--allow", "archives:pro")

    _, bare, _ = run("plan", "-e", "local", *waivers)
    _, saved, _ = run("plan", "-e", "local", *waivers, "--out", "plan.json")

    assert "Next: reconciler apply --allow vanished:pro --environment local" in " ".join(bare.split())
    assert "Next: reconciler apply plan.json --allow vanished:pro" in " ".join(saved.split())
    assert "--allow archives:pro" not in bare + saved


def test_an_apply_shows_the_plan_of_now_and_how_many_clients_there_are_more(
    run: Run, repository: Repository
) -> None:
    run("apply", "--yes")
    repository.package("pro", features=["chat"])
    run("plan", "--out", "plan.json")
    saved = repository.root / "plan.json"
    made = read_plan(saved)
    write_plan(saved, made.model_copy(update={"notices": ("All is well.",)}).sealed())
    run(*ADD)

    code, printed, _ = run("apply", "plan.json")

    assert code == 0
    assert "1 more client holds it than in the reviewed plan" in printed
    assert "All is well" not in printed


def test_what_else_the_files_ask_for_is_said(run: Run, repository: Repository) -> None:
    run("apply", "--yes")
    repository.package("pro", features=["chat"])
    run("plan", "--out", "plan.json")
    repository.package("other")

    assert "Left for a plan of its own: other." in run("apply", "plan.json")[1]


def test_a_plan_that_was_applied_already_is_a_success_that_names_its_run(
    run: Run, repository: Repository
) -> None:
    run("apply", "--yes")
    repository.package("pro", features=["chat"])
    run("plan", "--out", "plan.json")
    run("apply", "plan.json")

    again = run("apply", "plan.json")
    as_json = run("apply", "plan.json", "--format", "json")

    assert (again[0], again[2]) == (0, "")
    assert again[1].startswith("Already applied as run 2 (")
    assert "nothing was written" in again[1]
    assert (as_json[0], json.loads(as_json[1])["id"]) == (0, 2)
    assert run("history", "3")[0] != 0


@pytest.mark.parametrize("kind", ["database", "address"], ids=["PostgreSQL", "HTTP"])
def test_saved_plans_of_every_aim_are_applied_once_on_other_platforms_too(
    run: Run, repository: Repository, request: pytest.FixtureRequest, kind: str
) -> None:
    environments = {"local": {"platform": request.getfixturevalue(kind)}}
    repository.write("reconciler.yaml", {"catalog": "catalog.yaml", "environments": environments})
    run("apply", "--yes")
    run(*ADD)
    repository.package("pro", features=["chat", "calls"], user_count=9)

    done = []
    for saves in (["plan"], ["clients", "reassign", "acme"], ["rollback", "2"]):
        saved = run(*saves, "--out", "plan.json")
        first, again = run("apply", "plan.json"), run("apply", "plan.json")
        done.append((saved[0], first[0], again[0], again[1].split(" (")[0]))

    assert done == [(0, 0, 0, f"Already applied as run {number}") for number in (2, 3, 4)]


def test_a_plan_of_which_a_guard_held_something_back_was_not_applied_already(
    run: Run, repository: Repository
) -> None:
    repository.package("basic")
    run("apply", "--yes")
    run(*ADD)
    repository.package("basic", title="First")
    repository.package("pro", features=["chat"], rollout={"existing_clients": "reassign"})
    run("plan", "--out", "plan.json")
    held = run("apply", "plan.json", "--skip-blocked")

    code, _, message = run("apply", "plan.json", "--skip-blocked")

    assert (held[0], code) == (4, 5)
    assert "applied before, as run 2, without pro; nothing was written" in message


def test_an_empty_plan_file_is_checked_like_any_other(run: Run, repository: Repository) -> None:
    run("apply", "--yes")
    run("plan", "--out", "empty.json")
    repository.package("other")

    edited = run("apply", "empty.json")
    (repository.root / "platform.db").unlink()
    gone = run("apply", "empty.json")

    assert edited[0] == 0
    assert "Left for a plan of its own: other." in edited[1]
    assert "as the files say" not in edited[1]
    assert (gone[0], "another platform" in gone[2]) == (5, True)


def test_an_uncommitted_edit_is_recorded_under_no_clean_commit(run: Run, repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD")
    run("apply", "--yes")
    repository.package("pro", features=["chat"])
    run("apply", "--yes")
    (repository.root / "README.md").write_text("Not read by anything.")
    repository.commit()
    repository.package("other")
    run("apply", "--yes")

    commits = [run("history", number)[1] for number in ("1", "2", "3")]

    assert [f"{commit}-dirty" in said for said in commits] == [False, True, False]
    assert commit in commits[0]
    assert "-dirty" in commits[2]


def program(repository: Repository, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # a build server may have started the tests with interrupts off, which programs inherit
        ["env", "--default-signal=INT", sys.executable, "-m", "reconciler", *arguments],
        cwd=repository.root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("options", "runs", "said"),
    [(["--format", "json"], 1, "it was applied as run 1"), ([], 0, "Nothing was applied.")],
    ids=["the run", "the plan"],
)
def test_an_output_that_cannot_be_written_says_whether_the_apply_was_done(
    repository: Repository, options: list[str], runs: int, said: str
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", "apply", "--yes", *options],
            cwd=repository.root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert said in done.stderr
    with open_platform("sqlite:///platform.db", root=repository.root) as platform:
        assert len(platform.runs()) == runs


@pytest.mark.parametrize(
    ("is_done", "said"), [(True, "it was applied as run 1"), (False, "Nothing was applied")]
)
def test_an_interrupted_apply_says_whether_it_was_done(
    repository: Repository, tmp_path: Path, *, is_done: bool, said: str
) -> None:
    pid: list[int] = []

    async def interrupting(request: Request, call_next: RequestResponseEndpoint) -> Response:
        is_apply = request.method == "POST" and request.url.path.endswith("/change-sets")
        if is_apply and not is_done:
            os.kill(pid[0], signal.SIGINT)
        answer = await call_next(request)
        if is_apply and is_done:
            os.kill(pid[0], signal.SIGINT)
        return answer

    with open_served("sqlite:///served.db", root=tmp_path) as (platform, _):
        app = application(served(platform))
        app.add_middleware(BaseHTTPMiddleware, dispatch=interrupting)
        with running(app) as url:
            config = {"catalog": "catalog.yaml", "environments": {"local": {"platform": url}}}
            (repository.root / "reconciler.yaml").write_text(yaml.safe_dump(config))
            process = program(repository, "apply", "--yes")
            pid.append(process.pid)
            _, message = process.communicate(timeout=60)

    assert process.returncode == 130
    assert said in message


def test_where_nobody_is_asked_an_apply_plans_once(run: Run) -> None:
    code, _, told = run("apply", "--yes", "--verbose")

    assert code == 0
    assert told.count("asked local for at one instant") == 1
