"""What git knows about the files, asked of its command line without running anything of the repository's.

A repository may be hostile: its configuration names no program that these commands would run, nothing is
fetched to complete an answer, and answers are bounded in size and time.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

_SECONDS: Final = 60
_SECONDS_OF_NETWORK: Final = 600
_LONGEST_ANSWER: Final = 64 * 1024 * 1024
_HARDENED: Final = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.ext.allow=never",
)
_LOCAL: Final = ("-c", "protocol.allow=never")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


class GitError(ReconcilerError):
    """git is absent, took too long, answered too much, or refused; the message says which."""


def head_commit(root: Path) -> str | None:
    """Return the full id of the commit that is checked out; None outside a repository, or without git."""
    try:
        return resolved(root, "HEAD")
    except GitError:
        return None


def resolved(root: Path, ref: str) -> str:
    """Return the full id of the commit that `ref` names in the repository at, or around, `root`."""
    answer = ask(root, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    commit = answer.decode(errors="replace").strip()
    if not _COMMIT.match(commit):
        raise GitError(f"git knows no commit {ref!r}.")
    return commit


def ask(root: Path, *arguments: str) -> bytes:
    """Run git in `root` on what the repository holds already, and return its answer."""
    with running(root, *_LOCAL, *arguments) as process:
        return _answer(process, arguments)


def reach(repository: Path, *arguments: str) -> bytes:
    """Run git in `repository` with the network and the user's own credentials at hand."""
    with running(repository, *arguments, seconds=_SECONDS_OF_NETWORK) as process:
        return _answer(process, arguments)


@contextmanager
def running(root: Path, *arguments: str, seconds: int = _SECONDS) -> Iterator[subprocess.Popen[bytes]]:
    """Run git with pipes to all its streams; whatever happens, it ends with the block or its time."""
    command = ("git", *_HARDENED, "-C", str(root), *arguments)
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat"}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603 - fixed words; refs stand behind --end-of-options
            command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}.", hint="Install git.") from error
    except ValueError as error:
        raise GitError("git cannot be asked for what holds a null byte.") from error
    timer = Timer(seconds, process.kill)
    timer.start()
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        timer.cancel()


def _answer(process: subprocess.Popen[bytes], arguments: tuple[str, ...]) -> bytes:
    stdout, stderr = _streams(process)
    answer = stdout.read(_LONGEST_ANSWER + 1)
    if len(answer) > _LONGEST_ANSWER:
        raise GitError(f"git {arguments[0]} answers more than {_LONGEST_ANSWER >> 20} MiB.")
    said = stderr.read(_LONGEST_ANSWER)
    if process.wait() != 0:
        reason = said.decode(errors="replace").strip().splitlines()[-1:] or ["it ended without a word"]
        raise GitError(f"git {arguments[0]} failed: {reason[0]}")
    return answer


def _streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError(process.args)
    process.stdin.close()
    return process.stdout, process.stderr
