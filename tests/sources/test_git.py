from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from reconciler.sources.git import GitError, ask, head_commit, refusal, working_copy
from reconciler.sources.git_process import PROTOCOLS, Bounds, running
from tests.workspaces import repository

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def script(file: Path, text: str) -> str:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def asked_of(url: str, seconds: int = 60) -> str:
    """Return what is said of a repository that cannot be reached."""
    with (
        running(Bounds(seconds, PROTOCOLS), "ls-remote", "--end-of-options", url) as git,
        pytest.raises(GitError) as told,
    ):
        git.answer("ls-remote")
    return told.value.message


def test_a_bare_repository_that_a_commit_planted_is_not_asked(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    git(tmp_path, "init", "-q")
    git(shop, "init", "-q", "--bare")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "First")

    assert head_commit(shop) == git(tmp_path, "rev-parse", "HEAD")


def test_variables_of_a_hook_lead_git_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path / "one", tmp_path / "other"):
        folder.mkdir()
        git(folder, "init", "-q")
        git(folder, "commit", "-q", "--allow-empty", "-m", folder.name)
    commit = git(tmp_path / "one", "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert head_commit(tmp_path / "one") == commit


def test_a_missing_object_is_fetched_from_nowhere_whatever_the_repository_allows(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("content")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "First")
    id_ = git(tmp_path, "rev-parse", "HEAD:file")
    (tmp_path / ".git" / "objects" / id_[:2] / id_[2:]).unlink()
    program = script(tmp_path / "program", f"touch {tmp_path}/run")
    for setting in (
        "core.repositoryFormatVersion=1",
        "extensions.partialClone=origin",
        "remote.origin.promisor=true",
        "remote.origin.url=ssh://host.invalid/x",
        f"core.sshCommand={program}",
        "protocol.ssh.allow=always",
    ):
        git(tmp_path, "config", *setting.split("=", 1))

    ask(working_copy(tmp_path), "ls-tree", "-l", "HEAD")

    assert not (tmp_path / "run").exists()


def test_what_git_complains_of_at_length_is_read_as_it_comes_and_told_in_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = "head -c 1048576 /dev/zero | tr '\\0' 'x' >&2; printf '\\n\\033[1mbad key\\n' >&2; exit 1"
    monkeypatch.setenv("GIT_SSH_COMMAND", script(tmp_path / "ssh", flood))

    told = asked_of("ssh://host.invalid/x")

    assert told.startswith(
        "git ls-remote failed: [1mbad key fatal: Could not read from remote repository. Please"
    )
    assert len(told) < 700


def test_a_git_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", script(tmp_path / "ssh", "exec tail -f /dev/null"))

    assert "it took too long" in asked_of("ssh://host.invalid/x", seconds=1)


def test_programs_that_git_starts_see_no_secret_but_what_git_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATFORM_TOKEN", "canary-of-the-platform")
    monkeypatch.setenv("RECONCILER_NOTIFY_SECRET", "canary-of-notices")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    monkeypatch.setenv("GIT_SSH_COMMAND", script(tmp_path / "ssh", f"env > {tmp_path}/seen; exit 1"))

    asked_of("ssh://host.invalid/x")

    seen = (tmp_path / "seen").read_text()
    assert "HTTPS_PROXY=http://proxy.invalid" in seen
    assert "canary" not in seen


def test_a_token_that_the_operators_own_settings_put_into_an_address_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with demanding_server() as host:
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.http://canary@{host}/.insteadOf")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"http://{host}/")

        told = asked_of(f"http://{host}/r.git")

    assert f"could not read Password for 'http://{host}'" in told
    assert "canary" not in told


@contextmanager
def demanding_server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_repository_of_another_user_is_told_with_all_that_git_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = repository(tmp_path, pro="title: Pro\nfeatures: [chat]\nuser_count: 3\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "First")
    if os.getuid():
        pytest.skip("only root can give a folder to another user")
    os.chown(config.parent, 1, 1)

    codes = [main(["--config", str(config), *words]) for words in (["plan"], ["diff", "--against", "HEAD"])]

    printed = capsys.readouterr()
    assert codes == [0, 64]
    for text in (" ".join(printed.out.split()), printed.err):
        assert "dubious ownership" in text
        assert "git config --global --add safe.directory" in text
    assert "The commit of these files is unknown" in printed.out
    assert "shallow" not in printed.err


def test_git_refuses_nothing_outside_of_repositories_and_before_the_first_commit(tmp_path: Path) -> None:
    assert refusal(tmp_path) == ""

    git(tmp_path, "init", "-q")

    assert refusal(tmp_path) == ""
