"""A branch of a repository somewhere, followed through a bare copy that nothing is ever checked out of."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import WrongUsageError
from reconciler.sources.git import GitError, Repository, ask, reach, resolved
from reconciler.sources.private_folder import make_private
from reconciler.sources.user_cache import user_cache

if TYPE_CHECKING:
    from pathlib import Path

_USER_INFO: Final = re.compile(r"(?P<scheme>[a-z+.-]*)://(?P<user>[^/?#]*)@", re.IGNORECASE)
_SSH: Final = frozenset({"ssh", "git+ssh", "ssh+git"})
_KEPT: Final = "refs/reconciler/kept"


class Mirror(Struct, frozen=True):
    """One branch, and where its bare copy lies.

    Attributes:
        folder: Of the bare copy; made when first needed, and only used where it was made so. Instances must
            not share one.
        url: Path or address of the repository, as git takes it; a path is absolute.
        passed: Names of variables that a credential helper needs, beside those that any git may see.
    """

    folder: Path
    url: str
    branch: str
    passed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if any(map(_is_secret, _USER_INFO.finditer(self.url))):
            raise WrongUsageError(
                "The repository's address holds a user or password, which the list of processes would show.",
                hint="Leave it out, and let a credential helper of git say it; or use SSH.",
            )

    def head(self) -> str:
        """Return the branch's newest commit, fetched; raises GitError where that is not possible.

        While the branch does not move, one question to the repository is all the work.
        """
        name = f"refs/heads/{self.branch}"
        commit = self._listed(name)
        if commit != self._fetched(name):
            words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--end-of-options")
            reach(self.repository(), *words, self.url, f"+{name}:{name}", passed=self.passed)
        return resolved(self.repository(), name)

    def fetched(self) -> str | None:
        """Return what the branch was when it was last fetched, by an earlier process too; None: never yet."""
        return self._fetched(f"refs/heads/{self.branch}")

    def keep(self, commit: str) -> None:
        """Remember the commit that the platform was last made to agree with, beyond this process."""
        ask(self.repository(), "update-ref", "--end-of-options", _KEPT, commit)

    def kept(self) -> str | None:
        """Return the commit that was remembered; None where there is none."""
        return self._fetched(_KEPT)

    def has(self, commit: str) -> bool:
        """Whether the commit was fetched."""
        return self._fetched(commit) is not None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` has `older` in its history, or is it."""
        try:
            ask(self.repository(), "merge-base", "--is-ancestor", older, newer)
        except GitError:
            return False
        return True

    def repository(self) -> Repository:
        """Return the bare copy, made where it is not there yet.

        Raises:
            GitError: It cannot be made.
            WrongUsageError: What lies there was not made by this program.
        """
        repository = Repository(self.folder, is_bare=True)
        try:
            make_private(self.folder)
        except OSError as error:
            raise GitError(f"{self.folder} cannot be made: {error.strerror}.") from error
        if not (self.folder / "HEAD").exists():
            ask(repository, "init", "--quiet", "--bare", "--template=")
        return repository

    def _listed(self, name: str) -> str:
        """Return the commit that the repository has under the name now."""
        words = ("ls-remote", "--end-of-options", self.url, name)
        listed = reach(self.repository(), *words, passed=self.passed).decode(errors="replace")
        commits = dict(line.split("\t")[::-1] for line in listed.splitlines())
        if name not in commits:
            raise GitError(
                f"The repository has no branch {self.branch!r}.",
                hint="Name the branch to follow with --branch.",
            )
        return commits[name]

    def _fetched(self, ref: str) -> str | None:
        try:
            return resolved(self.repository(), ref)
        except GitError:
            return None


def default_folder(*purpose: str) -> Path:
    """Return the folder of the user's own, outside of any checkout, for a mirror that serves this purpose."""
    digest = hashlib.sha256("\0".join(purpose).encode(errors="surrogateescape")).hexdigest()
    try:
        return user_cache() / "watch" / digest[:16]
    except RuntimeError as error:
        raise WrongUsageError(
            "There is no home folder for the copy of the repository.", hint="Name a folder with --state."
        ) from error


def _is_secret(found: re.Match[str]) -> bool:
    """Whether the user info of an address may hold a token; the user of SSH is none."""
    is_user = found["scheme"].lower() in _SSH and ":" not in found["user"]
    return not is_user
