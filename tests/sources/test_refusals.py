"""What cannot be read: what happened, where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import InvalidError, ReconcilerError
from reconciler.model.documents.package import PackageDocument
from reconciler.model.expiry import Expiry
from reconciler.sources.config_path import find_config
from reconciler.sources.git import GitError, ask, asking, resolved, working_copy
from reconciler.sources.imports.autumn import from_autumn
from reconciler.sources.imports.bounded import LARGEST, foreign_yaml
from reconciler.sources.plan_file import LARGEST_PLAN, read_plan
from reconciler.sources.settings import required_settings
from reconciler.watch.lock import alone_in
from reconciler.watch.webhook import Webhook
from tests.repository import Repository
from tests.sources.test_commits import object_of, read, tree, with_packages
from tests.sources.test_invalid_cases import findings_at, workspace_at
from tests.workspaces import unreadable_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def huge_plan(root: Path) -> None:
    with (root / "plan.json").open("wb") as file:
        file.truncate(LARGEST_PLAN + 1)
    read_plan(root / "plan.json")


def invalid_settings(root: Path) -> None:
    (root / "reconciler.yaml").write_text("environments: 5\n")
    required_settings(root / "reconciler.yaml")


def a_lock_below_a_file(root: Path) -> None:
    (root / "state").write_text("")
    alone_in(root / "state").__enter__()


def two_loops(root: Path) -> None:
    with alone_in(root), alone_in(root):
        pass


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (find_config, "run `reconciler init`, or create one that holds at least: environments:"),
        (invalid_settings, "reconciler.yaml is invalid repair it first"),
        (huge_plan, "plan.json: more than 256 MiB are no plan"),
        (a_lock_below_a_file, "state cannot be used: File exists. Name another folder with --state."),
        (two_loops, "Another loop uses "),
        (lambda _: Webhook("http://example.com", "s"), "only. Give --notify-url https://…."),
        (lambda _: from_autumn(b"{}"), "the file holds neither `plans` nor `products` Give what"),
        (lambda _: foreign_yaml(b" " * (LARGEST + 1)), "the file has more than 4 MiB"),
        (lambda _: foreign_yaml(b"[" + b"1," * 500_000 + b"]"), "the file holds too many values"),
    ],
)
def test_it_is_told_with_what_to_do(tmp_path: Path, refused: Callable[[Path], object], said: str) -> None:
    with pytest.raises(ReconcilerError) as raised:
        refused(tmp_path)

    assert said in f"{raised.value.message} {raised.value.hint}"


def a_link_to_a_folder(packages: Path) -> None:
    (packages / "more").symlink_to(packages.parent / "schemas")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (a_link_to_a_folder, "a link to a folder is not followed: move the folder here"),
        (unreadable_folder, "the file cannot be read: file name too long: check the path and rights"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(
    tmp_path: Path, made: Callable[[Path], None], said: str
) -> None:
    config = workspace_at(tmp_path)
    made(tmp_path / "packages")

    assert said in [f"{each.message}: {each.fix}" for each in findings_at(config)]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.package("basic")
    made.commit()
    return made


def test_a_commit_of_more_than_anybody_reads_is_refused(repository: Repository) -> None:
    large = object_of(repository, "blob", bytes(2**20))
    folder = tree(repository, *(("100644", f"n{number:03}", large) for number in range(513)))

    with pytest.raises(InvalidError, match=r"The commit \w+ has more than 512 MiB\."):
        read(repository, with_packages(repository, ("40000", "sub", folder)))


def test_a_commit_of_more_files_than_anybody_reads_is_refused(repository: Repository) -> None:
    empty = object_of(repository, "blob", b"")
    folder = tree(repository, *(("100644", f"n{number:03}", empty) for number in range(500)))
    folders = [("40000", f"n{number:03}", folder) for number in range(401)]

    with pytest.raises(InvalidError, match=r"The commit \w+ has more than 200,000 files\."):
        read(repository, with_packages(repository, *folders))


def test_a_file_that_git_has_lost_is_named(repository: Repository) -> None:
    id_ = repository.git("rev-parse", "HEAD:packages/basic.yaml")
    (repository.root / ".git" / "objects" / id_[:2] / id_[2:]).unlink()

    with pytest.raises(InvalidError, match=rf"git has not the contents of packages/basic\.yaml \({id_}\)"):
        read(repository)


def test_an_answer_of_git_that_is_too_long_is_refused(repository: Repository) -> None:
    large = object_of(repository, "blob", bytes(64 * 2**20 + 1))

    with pytest.raises(GitError, match="git cat-file answers more than 64 MiB"):
        ask(working_copy(repository.root), "cat-file", "blob", large)


def test_a_git_that_is_gone_says_its_last_words(repository: Repository) -> None:
    with asking(working_copy(repository.root), "no-such-command") as git:
        git.process.wait()

        with pytest.raises(GitError, match="git ended before it answered: git: 'no-such-command'"):
            git.asked("HEAD")


def test_where_there_is_no_git_that_is_said(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository.root))

    with pytest.raises(GitError, match=r"git cannot be run: No such file") as raised:
        ask(working_copy(repository.root), "status")

    assert raised.value.hint == "Install git."


@pytest.mark.parametrize("ref", ["nope", "", "HEAD\nHEAD", "HEAD:packages", "--all", "f" * 40])
def test_a_commit_that_there_is_not_is_named(repository: Repository, ref: str) -> None:
    with pytest.raises(GitError) as raised:
        resolved(working_copy(repository.root), ref)

    assert raised.value.message == f"git knows no commit {ref!r}."


def test_git_is_not_asked_for_a_null_byte(repository: Repository) -> None:
    with pytest.raises(GitError, match="git cannot be asked for what holds a null byte"):
        ask(working_copy(repository.root), "rev-parse", "\0")


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (lambda: Expiry.parse("soon"), "not an expiry: 'soon'"),
        (
            lambda: PackageDocument.model_validate({"title": "Pro", "user_count": 1, "features": ("a", "a")}),
            "an item is listed twice",
        ),
    ],
)
def test_a_value_that_cannot_be_is_not_made(refused: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        refused()
