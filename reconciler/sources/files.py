"""Reading files that may be anything: bounded, and never waiting for a pipe or a device."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from msgspec import Struct

from reconciler.model.findings import Finding, Position
from reconciler.sources.yaml.bounds import LARGEST_FILE
from reconciler.validation.problems import Problem, finding

if TYPE_CHECKING:
    from collections.abc import Collection

PACKAGE_SUFFIX: Final = ".yaml"
_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class RefusedFileError(Exception):
    """A file that is not read; the problem says why."""

    def __init__(self, rule: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.problem = Problem((), rule, message, fix)

    def finding(self, file: str) -> Finding:
        """Return the refusal as a finding about the whole file."""
        return finding(file, Position(), self.problem)


class Listing(Struct, frozen=True):
    """The package files of a folder and its sub-folders, sorted, relative to the root."""

    files: tuple[str, ...]
    findings: tuple[Finding, ...]


def digest_of_bytes(content: bytes) -> str:
    """Return `sha256:` and the hex digest."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def displayed(path: str) -> str:
    """Return a path that any output takes: bytes that are not UTF-8 become replacement characters."""
    return path if path.isascii() else path.encode(errors="surrogateescape").decode(errors="replace")


_BROKEN: Final = {
    errno.ENOENT: "the link leads to nothing",
    errno.ENOTDIR: "the link leads to nothing",
    errno.ELOOP: "the links lead in a circle",
}


def read_linked(path: str, root: str) -> bytes:
    """Read a file that may be a link, if what it leads to is a regular file inside `root`, a real path.

    Raises:
        RefusedFileError: It is not, or the operating system refuses it.
    """
    try:
        real = os.path.realpath(path, strict=True)
        if not real.startswith(root.rstrip("/") + "/"):
            raise RefusedFileError(
                "symlink-refused", "the link leads out of the configuration's folder", _COPY
            )
        if not stat.S_ISREG(os.stat(real).st_mode):  # noqa: PTH116  # real is a string, as all paths here
            raise RefusedFileError("not-a-file", "this is not a regular file", "put a file in its place")
        descriptor = os.open(real, _FLAGS)
    except OSError as error:
        broken = _BROKEN.get(error.errno or 0) if os.path.islink(path) else None  # noqa: PTH114  # as above
        if broken is not None:
            raise RefusedFileError("file-unreadable", broken, "put a file in its place") from error
        raise _unreadable(error) from error
    return _read(descriptor)


def read_any(path: str, root: str) -> bytes:
    """Read a regular file, or a link as `read_linked` does; raises `RefusedFileError`."""
    try:
        descriptor = os.open(path, _FLAGS | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno == errno.ELOOP:
            return read_linked(path, root)
        raise _unreadable(error) from error
    return _read(descriptor)


def _read(descriptor: int) -> bytes:
    """Read at most one byte more than `LARGEST_FILE`, and close."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedFileError("not-a-file", "this is not a regular file", "put a file in its place")
        content = chunk = os.read(descriptor, min(status.st_size, LARGEST_FILE) + 1)
        while chunk and status.st_size < len(content) <= LARGEST_FILE:
            chunk = os.read(descriptor, LARGEST_FILE + 1 - len(content))
            content += chunk
    except OSError as error:
        raise _unreadable(error) from error
    else:
        return content
    finally:
        os.close(descriptor)


def list_packages(root: str, folder: str, beside: Collection[str] = ()) -> Listing:
    """List what is a package file by its name; hidden names and other kinds of file are passed over.

    So are the files `beside`, as a folder of packages may hold the configuration and the catalog too.

    Raises:
        RefusedFileError: The folder is missing, or a link leads to it from elsewhere.
    """
    if not os.path.isdir(f"{root}/{folder}"):  # noqa: PTH112  # a string, as all paths here
        fix = f"create the folder {displayed(folder)}, or set `packages` in reconciler.yaml"
        if os.path.exists(f"{root}/{folder}"):  # noqa: PTH110  # as above
            fix = "name the folder that the files are in: `packages: packages`"
        raise RefusedFileError("missing-packages-folder", "there is no such folder", fix)
    if not f"{os.path.realpath(f'{root}/{folder}')}/".startswith(f"{os.path.realpath(root).rstrip('/')}/"):
        raise RefusedFileError("symlink-refused", "the link leads out of the configuration's folder", _COPY)
    files: list[str] = []
    findings: list[Finding] = []
    folders = [folder]
    while folders:
        inside = folders.pop()
        try:
            entries = list(os.scandir(f"{root}/{inside}"))
        except OSError as error:
            findings.append(_unreadable(error).finding(displayed(inside)))
            continue
        for entry in entries:
            path = entry.name if inside == "." else f"{inside}/{entry.name}"
            try:
                match _kind(entry, root):
                    case "folder":
                        folders.append(path)
                    case "package" if path not in beside:
                        files.append(path)
                    case _:
                        pass
            except RefusedFileError as error:
                findings.append(error.finding(displayed(path)))
    return Listing(tuple(sorted(files)), tuple(findings))


_Kind: TypeAlias = Literal["package", "folder", "other"]

_COPY = "put a copy in its place"
_SUFFIX: Final = re.compile(r"\.ya?ml(?:\.txt)?\Z", re.IGNORECASE)
"""Editors for plain text add `.txt`, and Windows does not show it."""


def _kind(entry: os.DirEntry[str], root: str) -> _Kind:
    """Tell a `package` from a `folder` and anything `other`; raises `RefusedFileError`."""
    name = entry.name
    if name.startswith("."):
        return "other"
    if name.endswith(PACKAGE_SUFFIX) and entry.is_file(follow_symlinks=False):
        return "package"
    written = _SUFFIX.search(name)
    looks_like_a_package = written is not None
    if entry.is_symlink():
        return _kind_of_link(entry, root, looks_like_a_package=looks_like_a_package)
    if entry.is_dir(follow_symlinks=False) and not looks_like_a_package:
        return "folder"
    if written is None:
        return "other"
    if not entry.is_file(follow_symlinks=False):
        raise RefusedFileError(
            "not-a-file", "this is not a regular file", "rename it, or put a file in its place"
        )
    fix = "rename the file to end in .yaml"
    raise RefusedFileError("wrong-extension", f"`{written[0]}` is not `.yaml`", fix)


def _kind_of_link(entry: os.DirEntry[str], root: str, *, looks_like_a_package: bool) -> _Kind:
    real = os.path.realpath(entry.path)
    if os.path.isdir(real):  # noqa: PTH112  # as above
        raise RefusedFileError(
            "symlink-refused", "a link to a folder is not followed", "move the folder here"
        )
    if looks_like_a_package and not real.startswith(root.rstrip("/") + "/"):
        raise RefusedFileError("symlink-refused", "the link leads out of the configuration's folder", _COPY)
    return "package" if looks_like_a_package else "other"


def _unreadable(error: OSError) -> RefusedFileError:
    reason = (error.strerror or type(error).__name__).lower()
    return RefusedFileError(
        "file-unreadable", f"the file cannot be read: {reason}", "check the path and rights"
    )
