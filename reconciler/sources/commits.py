"""The files of a commit, without checking it out: read from git's objects into a folder of their own.

Only what `trees` lets through is written: regular files, each of them new, all below that folder.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import InvalidError
from reconciler.sources.files import PACKAGE_SUFFIX, digest_of_bytes
from reconciler.sources.git import GitError, ask, asking, head_commit, resolved, working_copy
from reconciler.sources.settings import read_settings
from reconciler.sources.trees import Tree, listed
from reconciler.sources.yaml.bounds import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from reconciler.sources.git import Repository
    from reconciler.sources.git_process import Git
    from reconciler.sources.trees import Blob, Listing
    from reconciler.sources.workspace import Workspace


_LONGEST_SUBJECT: Final = 60


class Place(Struct, frozen=True):
    """Where a configuration lies in a repository.

    Attributes:
        config: The configuration's path from the repository's top, with forward slashes.
    """

    repository: Repository
    config: str


def place_of(config: Path) -> Place:
    """Return where a configuration in a working copy lies; raises GitError outside of one."""
    repository = working_copy(config.absolute().parent)
    path = Path(os.path.realpath(config.absolute().parent), config.name)
    return Place(repository, path.relative_to(repository.folder).as_posix())


def commit_of(workspace: Workspace) -> str | None:
    """Return the commit that is checked out, with `-dirty` where a file of the workspace is not as in it.

    None outside of a repository, or without git.
    """
    commit = head_commit(workspace.root)
    if commit is None:
        return None
    today = {os.path.normpath(file): digest for file, digest in workspace.digests.items()}
    try:
        is_clean = _digests(workspace, commit, today) == today
    except (GitError, InvalidError):
        is_clean = False
    return commit if is_clean else f"{commit}-dirty"


def _digests(workspace: Workspace, commit: str, today: Collection[str]) -> dict[str, str]:
    """Return the digests of the files that the workspace would have read of the commit."""
    place = place_of(workspace.root / "any")
    packages = os.path.normpath(workspace.settings.packages)
    beside = [file for file in today if not _is_package(file, packages)]
    tree = Tree(place.repository, commit, place.config.rpartition("/")[0])
    every = listed(tree, [*beside, packages]).blobs
    blobs = [blob for blob in every if blob.path in beside or _is_package(blob.path, packages)]
    with asking(place.repository, "cat-file", "--batch") as git:
        return {blob.path: digest_of_bytes(_content(git, blob)) for blob in blobs}


def _is_package(path: str, folder: str) -> bool:
    """Whether a path is that of a package file; hidden ones are none."""
    lies_in = folder == "." or path.startswith(f"{folder}/")
    is_hidden = any(part.startswith(".") for part in path.split("/"))
    return lies_in and path.endswith(PACKAGE_SUFFIX) and not is_hidden


class Committed(Struct, frozen=True):
    """A commit and the first line of its message."""

    commit: str
    subject: str


def changes_since(root: Path, path: str, since: str | None) -> tuple[Committed, ...]:
    """Return the commits that brought the changes of a file to what is checked out, the latest first.

    A merge counts for what it merged. Nothing where git does not know: outside of a repository, in a shallow
    one.

    Args:
        root: The configuration's folder.
        path: The file, from there.
        since: A commit whose changes, and those before, do not count. None, or one that git does not know:
            the last change alone.
    """
    earlier = (f"^{since}",) if since and _has(root, since) else ("-1",)
    return tuple(change for change, _ in _changes(root, path, *earlier))


def removal(root: Path, folder: str, name: str) -> tuple[Committed, ...]:
    """Return the commit that last took a file of that name away from anywhere below a folder."""
    taken = _changes(root, folder, "--diff-filter=D", "--name-only")
    return tuple(change for change, files in taken if any(file.rpartition("/")[2] == name for file in files))[
        :1
    ]


def _has(root: Path, commit: str) -> bool:
    try:
        return bool(resolved(working_copy(root), commit))
    except GitError:
        return False


def _changes(root: Path, path: str, *options: str) -> list[tuple[Committed, list[str]]]:
    """Return commits on the way of first parents, each with the files that git names for it."""
    try:
        place = place_of(root / "any")
        if ask(place.repository, "rev-parse", "--is-shallow-repository").strip() != b"false":
            return []
        inside = os.path.normpath(f"{place.config.rpartition('/')[0] or '.'}/{path}")
        words = ("log", "--first-parent", "-m", "--format=/%H %s", "HEAD", *options, "--", inside)
        lines = ask(place.repository, *words).decode(errors="replace").splitlines()
    except GitError:
        return []
    found: list[tuple[Committed, list[str]]] = []
    for line in lines:
        if line.startswith("/"):
            commit, _, subject = line[1:].partition(" ")
            found.append((Committed(commit, _cut(subject)), []))
        elif line:
            found[-1][1].append(line)
    return found


def _cut(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[: _LONGEST_SUBJECT - 1]}…"


def has_config(place: Place, commit: str) -> bool:
    """Whether a commit has a configuration at a place; raises InvalidError where it cannot be told."""
    try:
        words = ("ls-tree", "-z", "--full-tree", "--end-of-options", commit, place.config)
        return bool(ask(place.repository, *words))
    except GitError as error:
        raise InvalidError(f"The commit {commit[:12]} cannot be read: {error.message}") from error


@contextmanager
def exported(place: Place, commit: str) -> Iterator[Path]:
    """Write a commit's configuration and the files that it names into a folder; give the configuration.

    The folder is gone after the block.

    Raises:
        InvalidError: The commit has no such configuration, more than may be read, or names that no file can
            safely have.
    """
    config = PurePosixPath(place.config)
    with TemporaryDirectory(prefix="reconciler-") as folder:
        root = Path(folder)
        tree = Tree(place.repository, commit, str(config.parent) if config.parent.name else "")
        _write(root, tree, listed(tree, [config.name]))
        if not (root / config.name).is_file():
            raise InvalidError(f"The commit {commit[:12]} has no {place.config}.")
        settings = read_settings(root / config.name).settings
        named = [os.path.normpath(path) for path in (settings.catalog, settings.packages)]
        _write(root, tree, listed(tree, named).without(config.name))
        yield root / config.name


def _write(root: Path, tree: Tree, listing: Listing) -> None:
    """Write files first and stand-ins for links last; nothing that is there is written again."""
    with asking(tree.repository, "cat-file", "--batch") as git:
        for blob in listing.blobs:
            _put(root, blob.path, _content(git, blob))
    for path, target in listing.stand_ins.items():
        _put(root, path, target)


def _put(root: Path, name: str, content: bytes | str) -> None:
    """Make a file that holds bytes, or a link to a path, where nothing is yet."""
    path = root / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.symlink_to(content)
        else:
            with path.open("xb") as file:
                file.write(content)
    except OSError as error:
        raise InvalidError(f"{name} cannot be written: {error.strerror}.") from error


def _content(git: Git, blob: Blob) -> bytes:
    """Return the blob; for one that is larger than any file may be, something just as refused."""
    if blob.size > LARGEST_FILE:
        return bytes(LARGEST_FILE + 1)
    header = git.asked(blob.id).split()
    if header[1:2] != [b"blob"]:
        raise InvalidError(f"git has not the contents of {blob.path} ({blob.id}).")
    return git.answers.read(int(header[2]) + 1)[:-1]
