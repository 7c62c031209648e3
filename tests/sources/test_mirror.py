from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import WrongUsageError
from reconciler.sources.git import GitError
from reconciler.sources.mirror import Mirror, default_folder
from tests.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def author(tmp_path: Path) -> Repository:
    author = Repository.made(tmp_path / "author")
    author.commit()
    return author


def test_a_mirror_is_its_owners_alone(author: Repository, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror", str(author.root), "main")

    assert mirror.head() == author.git("rev-parse", "HEAD")
    assert stat.S_IMODE(mirror.folder.stat().st_mode) == 0o700


def test_a_repository_that_lay_there_before_is_not_used(author: Repository, tmp_path: Path) -> None:
    author.git("init", "-q", "--bare", str(tmp_path / "mirror"))
    mirror = Mirror(tmp_path / "mirror", str(author.root), "main")

    for use in (mirror.head, mirror.kept):
        with pytest.raises(WrongUsageError, match="files that this program did not make"):
            use()


def test_a_folder_in_a_working_copy_is_not_used(author: Repository) -> None:
    mirror = Mirror(author.root / "packages" / "mirror", str(author.root), "main")

    with pytest.raises(WrongUsageError, match="lies in the working copy"):
        mirror.head()
    assert not mirror.folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_not_used(author: Repository, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror", str(author.root), "main")
    mirror.head()
    os.chown(mirror.folder, 65534, 65534)

    with pytest.raises(WrongUsageError, match="belongs to another user"):
        mirror.head()


def test_a_branch_that_is_gone_is_named(author: Repository, tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror", str(author.root), "main")
    mirror.head()
    author.git("branch", "-q", "-m", "main", "away/refs/heads/main")

    with pytest.raises(GitError, match=r"^The repository has no branch 'main'\.$") as raised:
        mirror.head()

    assert raised.value.hint == "Name the branch to follow with --branch."


def test_a_commit_that_git_itself_would_not_make_is_not_fetched(author: Repository, tmp_path: Path) -> None:
    blob = author.git("hash-object", "-w", "reconciler.yaml")
    broken = tmp_path / "tree"
    broken.write_bytes(b"".join(b"100644 x\0" + bytes.fromhex(blob) for _ in range(2)))
    tree = author.git("hash-object", "-w", "-t", "tree", "--literally", str(broken))
    author.git("update-ref", "refs/heads/main", author.git("commit-tree", tree, "-m", "Twice"))

    with pytest.raises(GitError, match="duplicateEntries"):
        Mirror(tmp_path / "mirror", str(author.root), "main").head()


@pytest.mark.parametrize(
    "url",
    [
        "https://canary@x.example/r.git",
        "https://ana:canary@x.example/r.git",
        "HTTPS://:canary@x.example",
        "http::https://canary@x.example/r.git",
        "ftp://canary@x.example/r.git",
        "ssh://git:canary@x.example/r",
        "git+ssh://git:canary@x.example/r",
        "https://ana:can@ary@x.example/r.git",
    ],
)
def test_an_address_with_a_token_or_password_is_refused_and_not_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsageError) as refused:
        Mirror(tmp_path, url, "main")

    assert "can" not in refused.value.message.replace("cannot", "")


@pytest.mark.parametrize(
    "url", ["https://x.example/@scope/r.git", "ssh://git@x.example/r", "git@x.example:r.git", "/srv/a@b/r"]
)
def test_an_address_that_names_the_user_of_ssh_or_none_is_taken(url: str, tmp_path: Path) -> None:
    assert Mirror(tmp_path, url, "main").url == url


def test_each_purpose_has_a_folder_of_its_own_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    folders = {default_folder(*purpose) for purpose in (("a", "b"), ("a", "c"), ("ab", ""), ("a", "b"))}

    assert len(folders) == 3
    assert {folder.parent for folder in folders} == {tmp_path / "reconciler" / "watch"}
