"""What git knows, asked of its command line without running anything of the repository's.

A repository may be hostile: which one is asked is decided here and not by git, its configuration names no
program that these commands would run, and nothing is fetched to complete an answer.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.sources.checkouts import top_of
from reconciler.sources.git_process import PROTOCOLS, Bounds, Git, GitError, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "GitError",
    "Repository",
    "ask",
    "asking",
    "head_commit",
    "parting",
    "reach",
    "refusal",
    "resolved",
    "working_copy",
]

_LOCAL: Final = Bounds(seconds=60)
_SECONDS_OF_NETWORK: Final = 600


class Repository(Struct, frozen=True):
    """A repository that git is led to.

    Attributes:
        folder: The top of a working copy, where git takes its `.git` and checks whose it is; or a bare one.
    """

    folder: Path
    is_bare: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments that lead git there."""
        stated = (f"--git-dir={self.folder}",) if self.is_bare else ()
        return ("-C", str(self.folder), *stated)


def working_copy(folder: Path) -> Repository:
    """Return the repository whose working copy holds `folder`; raises GitError outside of any."""
    top = top_of(folder)
    if top is None:
        raise GitError(f"{folder} is not in a git repository.")
    return Repository(top)


def head_commit(folder: Path) -> str | None:
    """Return the full id of the commit that is checked out; None outside a repository, or without git."""
    try:
        return resolved(working_copy(folder), "HEAD")
    except GitError:
        return None


def refusal(folder: Path) -> str:
    """Return why git tells nothing of the repository that holds `folder`; empty where it does, or outside."""
    if top_of(folder) is None:
        return ""
    try:
        ask(working_copy(folder), "rev-parse", "--git-dir")
    except GitError as error:
        return error.message
    return ""


def resolved(repository: Repository, ref: str) -> str:
    """Return the full id of the commit that `ref` names."""
    with asking(repository, "cat-file", "--batch-check") as git:
        match git.asked(f"{ref}^{{commit}}").split():
            case [commit, b"commit", _] if "\n" not in ref:
                return commit.decode()
            case []:
                git.answer("cat-file")
            case _:
                pass
    raise GitError(f"git knows no commit {ref!r}.")


def parting(repository: Repository, ref: str) -> str:
    """Return the full id of the newest commit that what is checked out shares with `ref`."""
    commit = resolved(repository, ref)
    try:
        return ask(repository, "merge-base", commit, "HEAD").decode().strip()
    except GitError as error:
        raise GitError(
            f"what is checked out has no commit in common with {ref!r}: {error.message}",
            hint="Compare with the commit itself, --exact; or fetch more: a shallow clone has little.",
        ) from error


def ask(repository: Repository, *arguments: str) -> bytes:
    """Run git on what the repository holds already, and return its answer."""
    with asking(repository, *arguments) as git:
        return git.answer(arguments[0])


@contextmanager
def asking(repository: Repository, *arguments: str) -> Iterator[Git]:
    """Run git on what the repository holds already, for a conversation."""
    with running(_LOCAL, *repository.words, *arguments) as git:
        yield git


def reach(repository: Repository, *arguments: str, passed: tuple[str, ...] = ()) -> bytes:
    """Run git with the network and the user's own credentials at hand, and return its answer.

    `passed` are names of variables that a credential helper needs beside what any git may see.
    """
    bounds = Bounds(_SECONDS_OF_NETWORK, PROTOCOLS, passed)
    with running(bounds, *repository.words, *arguments) as git:
        return git.answer(arguments[0])
