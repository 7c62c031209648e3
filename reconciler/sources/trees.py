"""What a commit's tree holds, as data: regular files, and where its links lead within it.

A tree can name anything: `..`, `.git`, a link and a folder by one name. What could be written anywhere but in
its own place is refused here, before anything is written. No link is ever made as a commit wants it: one that
leads to a file of the tree is that file, and any other has a stand-in that its reader refuses as well.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import InvalidError
from reconciler.sources.git import GitError, ask, asking

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from reconciler.sources.git import Repository
    from reconciler.sources.git_process import Git

_MOST_FILES: Final = 200_000
_MOST_BYTES: Final = 512 * 1024 * 1024
_LONGEST_PATH: Final = 4096
_LONGEST_TOLD: Final = 200
_LINK: Final = "120000"
_LEADS_OUT: Final = os.devnull
_LEADS_TO_A_FOLDER: Final = "/"
_LEADS_NOWHERE: Final = ".git"
"""Nothing that is written of a tree has this name."""
_LOOK: Final = "Look at who made this commit, and why, before you use it."


class Tree(Struct, frozen=True):
    """A folder of a commit; `folder` is empty for the top."""

    repository: Repository
    commit: str
    folder: str

    def __str__(self) -> str:
        inside = f", folder {self.folder}," if self.folder else ""
        return f"commit {self.commit[:12]}{inside}"


class Blob(NamedTuple):
    """A regular file of a tree."""

    path: str
    id: str
    size: int


class Listing(Struct, frozen=True):
    """What a tree holds.

    Attributes:
        stand_ins: By the path of a link that leads to no file of the tree, what to link to instead.
    """

    blobs: tuple[Blob, ...]
    stand_ins: Mapping[str, str]

    def without(self, path: str) -> Listing:
        """Return the rest."""
        return replace(self, blobs=tuple(blob for blob in self.blobs if blob.path != path))


def listed(tree: Tree, paths: Iterable[str]) -> Listing:
    """List the files of a tree that are, or lie under, the paths.

    Raises:
        InvalidError: They cannot be listed, are more than may be read, or have names that could be written
            elsewhere or through one another.
    """
    wanted = _outermost(dict.fromkeys(paths))
    try:
        id_ = ask(
            tree.repository, "rev-parse", "--verify", "--end-of-options", f"{tree.commit}:{tree.folder}"
        )
        root = id_.decode().strip()
        entries = [entry for path in wanted for entry in _below(tree.repository, root, path)]
    except GitError as error:
        raise InvalidError(f"The files of the {tree} cannot be listed: {error.message}") from error
    _refuse_submodules(tree, entries)
    entries = [entry for entry in entries if entry.kind == "blob"]
    _refuse_unsafe(tree, [entry.path for entry in entries])
    blobs = [entry.blob() for entry in entries if entry.mode != _LINK]
    stand_ins = {}
    for path, target in _resolved(tree.repository, root, [e.path for e in entries if e.mode == _LINK]):
        if isinstance(target, Blob):
            blobs.append(target)
        else:
            stand_ins[path] = target
    if sum(blob.size for blob in blobs) > _MOST_BYTES:
        raise InvalidError(f"The {tree} has more than {_MOST_BYTES >> 20} MiB.")
    return Listing(tuple(blobs), stand_ins)


def _outermost(paths: Collection[str]) -> list[str]:
    """Return the paths that lie under no other of them."""
    if "." in paths:
        return ["."]
    return [path for path in paths if not any(str(each) in paths for each in PurePosixPath(path).parents)]


def _below(repository: Repository, root: str, path: str) -> Iterator[_Entry]:
    """Yield what is, or lies under, a path; links on the way to it are followed within the tree."""
    if path == ".":
        yield from _entries(repository, root, "-r")
        return
    ways = [str(each) for each in (*PurePosixPath(path).parents[:-1], PurePosixPath(path))]
    on_the_way = [*_entries(repository, root, *ways)]
    link = next((entry for entry in on_the_way if entry.mode == _LINK), None)
    found = _led_to(repository, root, path) if link is not None else None
    if found is not None:
        inside = _entries(repository, found, "-r")
        yield from (entry._replace(path=f"{path}/{entry.path}") for entry in inside)
    elif any(entry.kind == "commit" for entry in on_the_way):
        yield from on_the_way
    else:
        yield from _entries(repository, root, "-r", path)


def _entries(repository: Repository, root: str, *words: str) -> Iterator[_Entry]:
    recursive = words[:1] == ("-r",)
    options = ("-r",) if recursive else ()
    listing = ("ls-tree", *options, "-z", "-l", "--full-tree", "--end-of-options", root, *words[recursive:])
    return (_Entry.of(line) for line in ask(repository, *listing).split(b"\0")[:-1])


def _led_to(repository: Repository, root: str, path: str) -> str | None:
    """Return the folder of the tree that a path leads to by way of links; None where it leads to none."""
    with asking(repository, "cat-file", "--batch-check", "--follow-symlinks") as git:
        match git.asked(f"{root}:{path}").split():
            case [id_, b"tree", _]:
                return id_.decode()
            case _:
                return None


def _refuse_submodules(tree: Tree, entries: Iterable[_Entry]) -> None:
    """Refuse what the commit only refers to: its files are not there to be read."""
    for entry in entries:
        if entry.kind == "commit":
            raise InvalidError(
                f"The {tree} has a submodule at {entry.path[:_LONGEST_TOLD]!r}, whose files it lacks.",
                hint="Keep the files in this repository, or do without comparing commits.",
            )


class _Entry(NamedTuple):
    mode: str
    kind: str
    id: str
    size: str
    path: str

    @classmethod
    def of(cls, line: bytes) -> _Entry:
        what, _, path = os.fsdecode(line).partition("\t")
        mode, kind, id_, size = what.split()
        return cls(mode, kind, id_, size, path)

    def blob(self) -> Blob:
        if not self.size.isdigit():
            raise InvalidError(f"git has not the contents of {self.path} ({self.id}).")
        return Blob(self.path, self.id, int(self.size))


def _refuse_unsafe(tree: Tree, paths: list[str]) -> None:
    if len(paths) > _MOST_FILES:
        raise InvalidError(f"The {tree} has more than {_MOST_FILES:,} files.")
    times = Counter(paths)
    for path in paths:
        if len(path) > _LONGEST_PATH or not all(map(_is_safe, path.split("/"))):
            raise InvalidError(f"The {tree} holds the unsafe name {path[:_LONGEST_TOLD]!r}.", hint=_LOOK)
        if times[path] > 1:
            raise InvalidError(f"The {tree} holds {path[:_LONGEST_TOLD]!r} more than once.", hint=_LOOK)
        if any(str(folder) in times for folder in PurePosixPath(path).parents):
            raise InvalidError(
                f"The {tree} holds {path[:_LONGEST_TOLD]!r} below what is no folder.", hint=_LOOK
            )


def _is_safe(name: str) -> bool:
    """Whether a name is one of a file, and that of git's own folder on no file system."""
    visible = "".join(each for each in name if unicodedata.category(each) != "Cf")
    folded = visible.casefold().partition(":")[0].rstrip(" .")  # behind the colon: a stream of the file
    return bool(folded) and folded not in {".git", "git~1"} and not set(name) & {"\\", "\0"}


def _resolved(repository: Repository, root: str, links: list[str]) -> Iterator[tuple[str, Blob | str]]:
    """Give each link's path with the file that it leads to in the tree, or with a stand-in."""
    if not links:
        return
    with asking(repository, "cat-file", "--batch-check", "--follow-symlinks") as git:
        for path in links:
            yield path, _target(git, root, path)


def _target(git: Git, root: str, path: str) -> Blob | str:
    if "\n" in path:
        return _LEADS_NOWHERE
    match git.asked(f"{root}:{path}").split():
        case [id_, b"blob", size]:
            return Blob(path, id_.decode(), int(size))
        case [_, b"tree", _]:
            return _LEADS_TO_A_FOLDER
        case [b"symlink" | b"dangling" | b"loop" | b"notdir" as what, size]:
            git.answers.read(int(size) + 1)
            circle = PurePosixPath(path).name
            return {b"symlink": _LEADS_OUT, b"loop": circle}.get(what, _LEADS_NOWHERE)
        case _:  # missing: the rest of what git says
            return _LEADS_NOWHERE
