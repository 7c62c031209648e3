"""The files of a commit, without checking it out: read from git's objects into a folder of their own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError
from reconciler.sources.git import GitError, ask, running
from reconciler.sources.settings import read_settings
from reconciler.sources.yaml.limits import LARGEST_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

_MOST_FILES: Final = 200_000
_MOST_BYTES: Final = 512 * 1024 * 1024
_REGULAR: Final = ("100644", "100755")
_LINK: Final = "120000"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a configuration lies in a repository.

    Attributes:
        repository: A working copy, or a bare repository.
        config: The configuration's path from the repository's top, with forward slashes.
    """

    repository: Path
    config: str


@dataclass(frozen=True, slots=True)
class _Blob:
    mode: str
    id: str
    size: int
    path: str


def place_of(config: Path) -> Place:
    """Return where a configuration in a working copy lies; raises GitError outside of one."""
    folder = config.absolute().parent
    prefix = os.fsdecode(ask(folder, "rev-parse", "--show-prefix").removesuffix(b"\n"))
    return Place(folder, prefix + config.name)


@contextmanager
def exported(place: Place, commit: str) -> Iterator[Path]:
    """Write a commit's configuration and the files that it names into a folder; give the configuration.

    The folder is gone after the block.

    Raises:
        InvalidError: The commit has no such configuration, or more than may be read.
    """
    with TemporaryDirectory(prefix="reconciler-") as folder:
        root = Path(folder)
        config = PurePosixPath(place.config)
        tree = f"{commit}:{config.parent}" if config.parent.name else f"{commit}:"
        _write(place.repository, root, _blobs(place.repository, tree, [config.name]))
        if not (root / config.name).is_file():
            raise InvalidError(f"The commit {commit[:12]} has no {place.config}.")
        settings = read_settings(root / config.name).settings
        named = [os.path.normpath(path) for path in (settings.catalog, settings.packages)]
        _write(place.repository, root, _blobs(place.repository, tree, named))
        yield root / config.name


def _blobs(repository: Path, tree: str, paths: Iterable[str]) -> list[_Blob]:
    """List the files of a tree that are, or lie under, the paths; what is not a path inside is left out."""
    wanted = tuple(paths)
    only = wanted if "." not in wanted else ()
    try:
        answer = ask(repository, "ls-tree", "-r", "-z", "-l", "--full-tree", "--end-of-options", tree, *only)
    except GitError as error:
        raise InvalidError(f"The files of {tree} cannot be listed: {error.message}") from error
    found: list[_Blob] = []
    for entry in answer.split(b"\0")[:-1]:
        what, _, path = os.fsdecode(entry).partition("\t")
        mode, kind, id_, size = what.split()
        if kind == "blob" and not size.isdigit():
            raise InvalidError(f"git has not the contents of {path} ({id_}).")
        if kind == "blob" and _is_inside(path):
            found.append(_Blob(mode, id_, int(size), path))
    if len(found) > _MOST_FILES or sum(blob.size for blob in found) > _MOST_BYTES:
        raise InvalidError(f"{tree} has more than {_MOST_FILES:,} files or {_MOST_BYTES >> 20} MiB.")
    return found


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and not {"", ".", "..", ".git"} & set(path.split("/"))


def _write(repository: Path, root: Path, blobs: list[_Blob]) -> None:
    """Write files first and links last, so that no file is written through a link."""
    files = [blob for blob in blobs if blob.mode in _REGULAR]
    links = [blob for blob in blobs if blob.mode == _LINK]
    if not files and not links:
        return
    with running(repository, "cat-file", "--batch") as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError(process.args)
        for blob in (*files, *links):
            content = _content(process.stdin, process.stdout, blob)
            try:
                _put(root / blob.path, content, is_link=blob.mode == _LINK)
            except OSError as error:
                raise InvalidError(f"{blob.path} cannot be written: {error.strerror}.") from error


def _put(path: Path, content: bytes, *, is_link: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not is_link:
        path.write_bytes(content)
    elif not os.path.lexists(path):
        path.symlink_to(os.fsdecode(content.replace(b"\0", b"")) or ".")


def _content(requests: IO[bytes], answers: IO[bytes], blob: _Blob) -> bytes:
    """Return the blob; for one that is larger than any file may be, something just as refused."""
    if blob.size > LARGEST_FILE:
        return bytes(LARGEST_FILE + 1)
    try:
        requests.write(f"{blob.id}\n".encode())
        requests.flush()
        header = answers.readline().split()
        if header[1:2] != [b"blob"]:
            raise InvalidError(f"git has not the contents of {blob.path} ({blob.id}).")
        content = answers.read(int(header[2]) + 1)[:-1]
    except OSError as error:
        raise InvalidError(f"The contents of {blob.path} cannot be read from git.") from error
    return content
