"""The page for any other build server: its shell is run, and its exit codes are those that there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.live.opening import open_platform
from tests.builders import NOON
from tests.repository import Repository
from tests.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parents[2] / "docs" / "deploy" / "any-ci.md").read_text()
BLOCKS = "\n".join(re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture
def shop(tmp_path: Path) -> Repository:
    """A package that is applied, and edited since."""
    repository = Repository.made(tmp_path / "shop", clients_losing="unlimited")
    repository.package("basic", features=["chat", "calls"])
    repository.commit()
    with open_platform("sqlite:///platform.db", root=repository.root) as platform:
        Shop(repository.root, platform, NOON).apply()
    repository.package("basic", features=["chat"])
    repository.commit()
    return repository


@pytest.fixture
def job(shop: Repository, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    program = tmp_path / "reconciler"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n')
    program.chmod(0o755)

    def run(name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{BLOCKS}\n{name}"],
            cwd=shop.root,
            env={**os.environ, **paths, "AUTHOR": "ana", **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_shellcheck_finds_nothing() -> None:
    command = ["shellcheck", "--shell=bash", "-"]
    done = subprocess.run(command, input=BLOCKS, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_a_reviewed_plan_is_applied_and_then_there_is_nothing_left(
    shop: Repository, job: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    drifting = job("drift")
    reviewed = job("review")
    applied = job("apply")
    again = job("apply")

    assert [each.returncode for each in (drifting, reviewed, applied, again)] == [2, 0, 0, 0], applied.stderr
    assert (shop.root / "report.html").stat().st_size > 5_000
    assert "Already applied as run 2" in again.stdout


def test_a_stale_plan_is_offered_anew_and_applied_once_its_hash_is_approved(
    shop: Repository, job: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    job("review")
    shop.package("basic", features=[])
    shop.commit()

    stale = job("apply")
    other = job("apply_approved", APPROVED=f"sha256:{'0' * 64}")
    approved = json.loads((shop.root / "today.json").read_text())["hash"]
    applied = job("apply_approved", APPROVED=approved)

    assert [each.returncode for each in (stale, other, applied)] == [5, 5, 0], applied.stderr
    assert f"approve {approved}" in stale.stdout


def test_a_plan_of_today_that_a_guard_blocks_is_offered_to_nobody(
    shop: Repository, job: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (shop.root / "packages" / "basic.yaml").unlink()
    shop.commit()

    blocked = job("apply")
    passed = job("apply", RECONCILER_ALLOW="empty_desired:* vanished:basic")

    assert (blocked.returncode, "approve" in blocked.stdout) == (4, False)
    assert "There is no package file" in blocked.stdout
    assert (passed.returncode, "approve sha256:" in passed.stdout) == (5, True)


def test_a_push_without_a_plan_is_offered_one(job: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = job("apply")

    assert done.returncode == 5
    assert "approve sha256:" in done.stdout
