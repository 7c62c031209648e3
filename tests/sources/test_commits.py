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
    assert workspace.packages["basic"].definition.caps["user_count"] == 5
    assert repository.git("status", "--short") == "M packages/basic.yaml"


def with_packages(repository: Repository, *entries: tuple[str, str, str]) -> str:
    """Commit a folder of packages that no working copy can hold."""
    top = repository.git("rev-parse", "HEAD:reconciler.yaml")
    packages = ("40000", "packages", tree(repository, *entries))
    return commit_of(repository, tree(repository, packages, ("100644", "reconciler.yaml", top)))


def test_a_link_is_the_file_that_it_leads_to_in_the_commit(repository: Repository) -> None:
    (repository.root / "packages" / "inside.yaml").symlink_to("../real.txt")
    repository.write("real.txt", {"title": "Real", "user_count": 1})
    repository.commit()
    repository.write("real.txt", {"title": "Not committed", "user_count": 2})

    workspace = read(repository)

    assert workspace.errors == ()
    assert workspace.packages["inside"].definition.title == "Real"


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("/etc/hostname", "symlink-refused"),
        ("../../outside.yaml", "symlink-refused"),
        ("../schemas", "symlink-refused"),
        ("nowhere.yaml", "file-unreadable"),
        ("link.yaml", "file-unreadable"),
        ("basic.yaml/x", "file-unreadable"),
    ],
)
def test_a_link_that_leads_to_no_file_of_the_commit_is_a_finding(
    repository: Repository, target: str, rule: str
) -> None:
    (repository.root / "schemas").mkdir()
    repository.write("schemas/x.yaml", "x")
    (repository.root / "packages" / "link.yaml").symlink_to(target)
    repository.commit()

    workspace = read(repository)

    assert [(each.file, each.rule) for each in workspace.errors] == [("packages/link.yaml", rule)]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere.yaml", "leads to nothing"),
        ("basic.yaml/x", "leads to nothing"),
        ("link.yaml", "links lead in a circle"),
    ],
)
@pytest.mark.parametrize("of_commit", [True, False])
def test_of_a_broken_link_it_is_said_how_it_is_broken(
    repository: Repository, target: str, said: str, *, of_commit: bool
) -> None:
    (repository.root / "packages" / "link.yaml").symlink_to(target)
    repository.commit()

    here = read_workspace(repository.root / "reconciler.yaml", today=NOON.date(), cache=False)
    (error,) = (read(repository) if of_commit else here).errors

    assert said in error.message


def test_no_link_is_made_as_the_commit_wants_it(repository: Repository, tmp_path: Path) -> None:
    for name, target in (("a.yaml", str(tmp_path)), ("b", "basic.yaml"), ("c.yaml", "/etc/hostname")):
        (repository.root / "packages" / name).symlink_to(target)
    place, commit = place_of(repository.root / "reconciler.yaml"), repository.commit()

    with exported(place, commit) as config:
        links = [path for path in config.parent.rglob("*") if path.is_symlink()]
        targets = {path.readlink() for path in links}

    assert targets == {Path("/dev/null")}


def test_a_configuration_that_is_a_link_out_is_none(repository: Repository, tmp_path: Path) -> None:
    config = repository.root / "reconciler.yaml"
    config.rename(tmp_path / "elsewhere.yaml")
    config.symlink_to(tmp_path / "elsewhere.yaml")
    place = place_of(config)

    with pytest.raises(InvalidError, match=r"has no reconciler\.yaml"), exported(place, repository.commit()):
        pass


@pytest.mark.parametrize(
    "name",
    [
        *("..", ".", "/etc", "a/../../b", "a//b", "back\\slash"),
        *(".git", ".GIT", ".git ", "git~1", ".g\u200cit", ".git::$INDEX_ALLOCATION", "GIT~1. :x"),
    ],
)
def test_a_commit_with_a_name_that_leads_elsewhere_is_refused(repository: Repository, name: str) -> None:
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")
    evil = tree(repository, ("100644", "evil.yaml", blob))

    with pytest.raises(InvalidError, match=r"The commit .* holds the unsafe name"):
        read(repository, with_packages(repository, ("40000", name, evil)))


def test_a_file_and_a_folder_of_one_name_cannot_be_written_through_each_other(
    repository: Repository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")
    link = object_of(repository, "blob", str(outside).encode())
    folder = tree(repository, ("100644", "evil.yaml", blob))

    with pytest.raises(InvalidError, match=r"'packages/sub/evil\.yaml' below what is no folder"):
        read(repository, with_packages(repository, ("120000", "sub", link), ("40000", "sub", folder)))

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("modes", [("100644", "100644"), ("100644", "120000"), ("120000", "100755")])
def test_a_name_that_stands_twice_is_refused(repository: Repository, modes: tuple[str, str]) -> None:
    blob = object_of(repository, "blob", b"basic.yaml")

    with pytest.raises(InvalidError, match=r"'packages/x\.yaml' more than once"):
        read(repository, with_packages(repository, *((mode, "x.yaml", blob) for mode in modes)))


def test_a_name_that_no_file_system_takes_is_invalid(repository: Repository) -> None:
    blob = object_of(repository, "blob", b"title: Evil\nuser_count: 1\n")

    with pytest.raises(InvalidError, match="cannot be written"):
        read(repository, with_packages(repository, ("100644", "x" * 300 + ".yaml", blob)))


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
    with pytest.raises(GitError, match="not in a git repository"):
        place_of(tmp_path / "reconciler.yaml")
