import subprocess
from pathlib import Path

import pytest

from reconciler.errors import InvalidError
from reconciler.sources.commits import exported, place_of
from reconciler.sources.git import GitError, resolved
from reconciler.sources.workspace import Workspace, read_workspace
from tests.builders import NOON
from tests.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.package("basic")
    made.commit()
    return made


def read(repository: Repository, commit: str = "HEAD") -> Workspace:
    place = place_of(repository.root / "reconciler.yaml")
    with exported(place, resolved(place.repository, commit)) as config:
        return read_workspace(config, today=NOON.date(), cache=False)


def object_of(repository: Repository, kind: str, content: bytes) -> str:
    """Write an object that git itself would refuse to make."""
    command = ("git", "-C", str(repository.root), "hash-object", "-w", "-t", kind, "--literally", "--stdin")
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout.decode().strip()


def tree(repository: Repository, *entries: tuple[str, str, str]) -> str:
    body = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(id_) for mode, name, id_ in entries)
    return object_of(repository, "tree", body)


def commit_of(repository: Repository, tree_id: str) -> str:
    return repository.git("commit-tree", tree_id, "-m", "hostile")


def test_a_commit_is_read_without_touching_the_working_copy(repository: Repository) -> None:
    repository.package("basic", user_count=99)

    workspace = read(repository)

    assert workspace.errors == ()
    assert workspace.packages["basic"].definition.user_count == 5
    assert repository.git("status", "--short") == "M packages/basic.yaml"


def test_links_are_kept_as_links_and_those_that_lead_out_are_refused(repository: Repository) -> None:
    (repository.root / "packages" / "inside.yaml").symlink_to("../real.txt")
    repository.write("real.txt", {"title": "Real", "user_count": 1})
    (repository.root / "packages" / "outside.yaml").symlink_to("/etc/hostname")
    repository.commit()

    workspace = read(repository)

    assert {(each.file, each.rule) for each in workspace.errors} == {
        ("packages/inside.yaml", "file-unreadable"),
        ("packages/outside.yaml", "symlink-refused"),
    }


@pytest.mark.parametrize("name", ["..", ".git", ".", "/etc", "a/../../b"])
def test_a_tree_cannot_write_outside_of_its_folder(repository: Repository, name: str) -> None:
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")
    evil = tree(repository, ("100644", "evil.yaml", blob))
    top = repository.git("rev-parse", "HEAD:reconciler.yaml")
    packages = tree(repository, ("40000", name, evil))
    commit = commit_of(
        repository, tree(repository, ("40000", "packages", packages), ("100644", "reconciler.yaml", top))
    )

    workspace = read(repository, commit)

    assert workspace.packages == {}


def test_a_file_and_a_folder_of_one_name_cannot_be_written_through_each_other(
    repository: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")
    link = object_of(repository, "blob", str(outside).encode())
    folder = tree(repository, ("100644", "evil.yaml", blob))
    packages = tree(repository, ("120000", "sub", link), ("40000", "sub", folder))
    top = repository.git("rev-parse", "HEAD:reconciler.yaml")
    commit = commit_of(
        repository, tree(repository, ("40000", "packages", packages), ("100644", "reconciler.yaml", top))
    )

    read(repository, commit)

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("names", [("x.yaml", "x.yaml"), ("x" * 300 + ".yaml", "y.yaml")])
def test_a_tree_that_no_file_system_takes_is_invalid(repository: Repository, names: tuple[str, str]) -> None:
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")
    folder = tree(repository, ("100644", "deep.yaml", blob))
    packages = tree(repository, ("100644", names[0], blob), ("40000", names[1], folder))
    top = repository.git("rev-parse", "HEAD:reconciler.yaml")
    commit = commit_of(
        repository, tree(repository, ("40000", "packages", packages), ("100644", "reconciler.yaml", top))
    )

    with pytest.raises(InvalidError, match="cannot be written"):
        read(repository, commit)


def test_a_commit_without_the_configuration_is_invalid(repository: Repository) -> None:
    repository.git("rm", "-q", "reconciler.yaml")

    with pytest.raises(InvalidError, match=r"has no reconciler\.yaml"):
        read(repository, repository.commit())


def test_an_object_that_is_missing_is_an_error_and_not_an_absent_file(repository: Repository) -> None:
    id_ = repository.git("rev-parse", "HEAD:packages/basic.yaml")
    (repository.root / ".git" / "objects" / id_[:2] / id_[2:]).unlink()

    with pytest.raises(InvalidError):
        read(repository)


def test_nothing_that_the_repository_configures_is_run(repository: Repository, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {proof}\n")
    program.chmod(0o755)
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "diff.external",
        "core.askPass",
    ):
        repository.git("config", key, str(program))
    hook = repository.root / ".git" / "hooks" / "post-index-change"
    hook.write_text(program.read_text())
    hook.chmod(0o755)

    read(repository)

    assert not proof.exists()


def test_a_file_larger_than_any_package_is_a_finding(repository: Repository) -> None:
    repository.write("packages/huge.yaml", "#" * (1024 * 1024 + 1))
    repository.commit()

    assert [each.file for each in read(repository).errors] == ["packages/huge.yaml"]


def test_git_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not a git repository"):
        resolved(tmp_path, "HEAD")
