"""A branch of a repository somewhere, followed through a bare copy that nothing is ever checked out of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.errors import WrongUsageError
from reconciler.sources.git import GitError, ask, reach, resolved

if TYPE_CHECKING:
    from pathlib import Path

_PASSWORD: Final = re.compile(r"[a-z+]+://[^/@]*:[^/@]+@", re.IGNORECASE)
_KEPT: Final = "refs/reconciler/kept"


@dataclass(frozen=True, slots=True)
class Mirror:
    """One branch, and where its bare copy lies.

    Attributes:
        folder: Of the bare copy; made when first needed. Instances must not share one.
        url: Path or address of the repository, as git takes it.
    """

    folder: Path
    url: str
    branch: str

    def __post_init__(self) -> None:
        if _PASSWORD.match(self.url):
            raise WrongUsageError(
                "The repository's address holds a password, which would be seen in the list of processes.",
                hint="Use SSH, or a credential helper of git.",
            )

    def head(self) -> str:
        """Return the branch's newest commit, fetched; raises GitError where that is not possible.

        While the branch does not move, one question to the repository is all the work.
        """
        self._prepare()
        name = f"refs/heads/{self.branch}"
        listed = reach(self.folder, "ls-remote", "--exit-code", "--end-of-options", self.url, name)
        commit = listed.decode(errors="replace").partition("\t")[0]
        if commit != self._fetched(name):
            refspec = f"+{name}:{name}"
            reach(self.folder, "fetch", "--quiet", "--no-tags", "--end-of-options", self.url, refspec)
        return resolved(self.folder, name)

    def keep(self, commit: str) -> None:
        """Remember the commit that the platform was last made to agree with, beyond this process."""
        ask(self.folder, "update-ref", "--end-of-options", _KEPT, commit)

    def kept(self) -> str | None:
        """Return the commit that was remembered; None where there is none."""
        return self._fetched(_KEPT) if self._is_there else None

    def has(self, commit: str) -> bool:
        """Whether the commit was fetched."""
        return self._is_there and self._fetched(commit) is not None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` has `older` in its history, or is it."""
        try:
            ask(self.folder, "merge-base", "--is-ancestor", older, newer)
        except GitError:
            return False
        return True

    def _fetched(self, ref: str) -> str | None:
        try:
            return resolved(self.folder, ref)
        except GitError:
            return None

    @property
    def _is_there(self) -> bool:
        return (self.folder / "HEAD").exists()

    def _prepare(self) -> None:
        if self._is_there:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GitError(f"{self.folder} cannot be made: {error.strerror}.") from error
        ask(self.folder, "init", "--quiet", "--bare", "--template=", "--end-of-options", ".")
