"""Ctrl-C within a write: a real signal in a real process, and what is said is what the database holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.live.opening import open_platform
from tests.repository import Repository
from tests.shop import Shop

if TYPE_CHECKING:
    from reconciler.model.changesets import Run

ROOT = Path(__file__).parents[2]
INTERRUPTED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool
from reconciler.cli.main import main

moment, wrote = sys.argv.pop(1), {}

def note(_, __, statement, *rest):
    if statement.startswith("INSERT INTO runs"):
        wrote["run"] = True
        reached("while it writes")

def committing(_):
    if "run" in wrote:
        reached("before it commits")
        wrote["all"] = True

def closing(*_):
    if "all" in wrote:
        reached("after it committed")

def reached(what):
    if what == moment and "signal" not in wrote:
        wrote["signal"] = True
        os.kill(os.getpid(), signal.SIGINT)

event.listen(Engine, "after_cursor_execute", note)
event.listen(Engine, "commit", committing)
event.listen(Pool, "checkin", closing)
sys.exit(main(sys.argv[1:]))
"""
UNTIL_IT_COMMITS = ["while it writes", "before it commits"]
AFTERWARDS = "after it committed"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Five clients hold a package, of whom a step of two is due."""
    repository = Repository.made(tmp_path / "here", clients_losing="unlimited")
    there = {
        name: {"platform": f"sqlite:///{name}.db", "guards": {"clients_losing": "unlimited"}}
        for name in ("local", "other")
    }
    repository.write("reconciler.yaml", {"catalog": "catalog.yaml", "environments": there})
    repository.package("pro", features=["chat", "calls"])
    with open_platform("sqlite:///local.db", root=repository.root) as platform:
        shop = Shop(repository.root, platform)
        shop.apply()
        shop.clients(*(f"c{number}" for number in range(5)), package="pro")
    repository.package(
        "pro", features=["chat", "calls", "sessions"], rollout={"existing_clients": "reassign", "per_run": 2}
    )
    repository.commit()
    return shop


def interrupted(folder: Path, moment: str, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["env", "--default-signal=INT", sys.executable, "-c", INTERRUPTED, moment, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout, " ".join(done.stderr.split())


def runs(folder: Path, environment: str = "local") -> tuple[Run, ...]:
    with open_platform(f"sqlite:///{environment}.db", root=folder) as platform:
        return platform.runs()


def moved(folder: Path) -> int:
    with open_platform("sqlite:///local.db", root=folder) as platform:
        return sum(each.clients for each in platform.moved_by(2)) if len(platform.runs()) == 2 else 0


@pytest.mark.parametrize("moment", UNTIL_IT_COMMITS)
def test_a_copy_that_is_interrupted_within_its_write_copied_nothing(shop: Shop, moment: str) -> None:
    code, _, told = interrupted(shop.root, moment, "platform", "copy", "local", "other")

    assert (code, told) == (130, "Interrupted. Nothing was copied; local is as it was.")
    assert runs(shop.root, "other") == ()


def test_a_copy_that_is_interrupted_after_its_commit_says_that_it_is_there(shop: Shop) -> None:
    code, _, told = interrupted(shop.root, AFTERWARDS, "platform", "copy", "local", "other")

    assert (code, told) == (130, "Interrupted, and local was copied to other all the same.")
    assert runs(shop.root, "other") == runs(shop.root)


@pytest.mark.parametrize("moment", UNTIL_IT_COMMITS)
def test_a_step_that_is_interrupted_within_its_write_moved_nobody(shop: Shop, moment: str) -> None:
    code, _, told = interrupted(shop.root, moment, "apply", "--yes", "-q")

    assert (code, told) == (130, "Interrupted. Nothing was applied.")
    assert (len(runs(shop.root)), moved(shop.root)) == (1, 0)


def test_a_step_that_is_interrupted_after_its_commit_names_its_run(shop: Shop) -> None:
    code, _, told = interrupted(shop.root, AFTERWARDS, "apply", "--yes", "-q")

    assert (code, told) == (130, "Interrupted, and it was applied as run 2.")
    assert (len(runs(shop.root)), moved(shop.root)) == (2, 2)


@pytest.mark.parametrize("moment", [*UNTIL_IT_COMMITS, AFTERWARDS])
def test_a_loop_that_is_interrupted_within_a_step_finishes_and_logs_it(shop: Shop, moment: str) -> None:
    code, log, told = interrupted(shop.root, moment, "watch", "--state", "../state", "--interval", "600")

    assert (code, told) == (0, "")
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["applied"]
    assert (len(runs(shop.root)), moved(shop.root)) == (2, 2)
