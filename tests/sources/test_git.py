from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from reconciler.sources.git import head_commit

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    answer = subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)
    return answer.stdout.decode().strip()


def test_the_commit_that_is_checked_out_is_named(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "First")

    assert head_commit(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


def test_outside_a_repository_and_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    assert head_commit(tmp_path) is None

    git(tmp_path, "init", "-q")

    assert head_commit(tmp_path) is None


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert head_commit(tmp_path) is None


@pytest.mark.parametrize("setting", ["core.fsmonitor", "core.sshCommand", "core.pager", "alias.rev-parse"])
def test_nothing_that_a_repository_configures_is_run(setting: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "First")
    git(tmp_path, "config", setting, f"!touch {tmp_path}/run; touch {tmp_path}/run")

    assert head_commit(tmp_path) is not None
    assert not (tmp_path / "run").exists()
