"""Running git: bounded in time and in what it may say, and without the secrets of this program.

git starts programs that the operator chose: ssh, credential helpers. They are given an environment that is
built from a list of names, so that no token of a platform is in it; and nothing that a repository configures
may start one, or reach a network where none is wanted.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager, suppress
from threading import Thread, Timer
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HARDENED: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",  # a commit can hold all files of a bare repository
    "fetch.fsckObjects=true",
)
_KNOWN: Final = re.compile(
    r"""PATH | HOME | USER | LOGNAME | SHELL | TMPDIR | LD_LIBRARY_PATH
    | XDG_(CONFIG|CACHE|DATA)_HOME | XDG_RUNTIME_DIR | DBUS_SESSION_BUS_ADDRESS | KRB5CCNAME | KRB5_CONFIG
    | SSH_AUTH_SOCK | SSH_AGENT_PID | SSH_ASKPASS(_REQUIRE)? | DISPLAY | WAYLAND_DISPLAY
    | GIT_ASKPASS | GIT_SSH(_COMMAND|_VARIANT)? | GIT_PROXY_COMMAND | GIT_EXEC_PATH
    | GIT_CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|(KEY|VALUE)_[0-9]+)
    | GIT_SSL_(CAINFO|CAPATH|CERT|KEY|NO_VERIFY) | (NIX_)?SSL_CERT_FILE | SSL_CERT_DIR | CURL_CA_BUNDLE
    | (http|https|all|no)_proxy | (HTTPS|ALL|NO)_PROXY""",
    re.VERBOSE,
)
"""What git, ssh and credential helpers of the operator need. Not GIT_DIR and its like, which hooks set."""
_SET: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
NO_PROTOCOL: Final = ""
PROTOCOLS: Final = "file:git:http:https:ssh"
LONGEST_ANSWER: Final = 64 * 1024 * 1024
_KEPT: Final = 8 * 1024
_LONGEST_REASON: Final = 600
_LINES_TOLD: Final = 4
_SECONDS_TO_COMPLAIN: Final = 1.0
_USER_INFO: Final = re.compile(r"://[^/\s]*@")


class GitError(ReconcilerError):
    """git is absent, took too long, answered too much, or refused; the message says which."""


class Bounds(Struct, frozen=True):
    """What a git may do.

    Attributes:
        protocols: By which it may reach other repositories, separated by colons.
        passed: Names of variables that it may see beside those that any git may.
    """

    seconds: int
    protocols: str = NO_PROTOCOL
    passed: tuple[str, ...] = ()


class Git(Struct, frozen=True):
    """A git that runs: it reads `requests` and writes `answers`."""

    process: subprocess.Popen[bytes]
    requests: IO[bytes]
    answers: IO[bytes]
    complaint: Complaint

    def asked(self, question: str) -> bytes:
        """Return the first line of the answer to a line; raises GitError where git is gone."""
        try:
            self.requests.write(os.fsencode(f"{question}\n"))
            self.requests.flush()
            return self.answers.readline()
        except OSError as error:
            raise GitError(f"git ended before it answered: {self.complaint.reason()}") from error

    def answer(self, what: str) -> bytes:
        """Return all that it answers; raises GitError with its own words where it fails."""
        self.requests.close()
        answer = self.answers.read(LONGEST_ANSWER + 1)
        if len(answer) > LONGEST_ANSWER:
            raise GitError(f"git {what} answers more than {LONGEST_ANSWER >> 20} MiB.")
        code = self.process.wait()
        if code == -signal.SIGKILL:
            raise GitError(f"git {what} was killed: it took too long, or the machine has no memory left.")
        if code != 0:
            raise GitError(f"git {what} failed: {self.complaint.reason()}")
        return answer


class Complaint(Thread):
    """What git says on standard error, read as it comes: its beginning and its end are kept."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(daemon=True)  # a helper that outlives git may hold the pipe open
        self._descriptor = descriptor
        self._first = self._last = b""

    def run(self) -> None:
        """Read until nobody writes any more."""
        with open(self._descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 - no path but a descriptor
            while piece := stream.read(_KEPT):
                room = _KEPT - len(self._first)
                self._first += piece[:room]
                self._last = (self._last + piece[room:])[-_KEPT:]

    def reason(self) -> str:
        """Return why it failed: what stands around its first `fatal:` or `error:`, on one short line."""
        self.join(_SECONDS_TO_COMPLAIN)
        said = (self._first + self._last).decode(errors="replace").splitlines()
        lines = [line for line in map(_printable, said) if line]
        faults = (n for n, line in enumerate(lines) if line.startswith(("fatal:", "error:")))
        first = max(0, next(faults, 1) - 1)  # ssh says why just before git says that
        told = _USER_INFO.sub("://", " ".join(lines[first : first + _LINES_TOLD + 1]))
        return told[:_LONGEST_REASON] or "it ended without a word"


@contextmanager
def running(bounds: Bounds, *arguments: str) -> Iterator[Git]:
    """Run git; whatever happens, it and what it started end with the block or its time."""
    settings = [word for setting in _HARDENED for word in ("-c", setting)]
    reading, writing = os.pipe()
    complaint = Complaint(reading)
    complaint.start()
    try:
        process = _started(["git", *settings, *arguments], _environment(bounds), writing)
    finally:
        os.close(writing)
    timer = Timer(bounds.seconds, _end, [process])
    timer.start()
    try:
        with process:
            git = _conversation(process, complaint)
            try:
                yield git
            finally:
                _end(process)
                with suppress(BrokenPipeError):
                    git.requests.close()
    finally:
        timer.cancel()


def _started(command: list[str], environment: dict[str, str], stderr: int) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - fixed words; refs stand behind --end-of-options
            command, env=environment, stdin=pipe, stdout=pipe, stderr=stderr, start_new_session=True
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error.strerror}.", hint="Install git.") from error
    except ValueError as error:
        raise GitError("git cannot be asked for what holds a null byte.") from error


def _environment(bounds: Bounds) -> dict[str, str]:
    passed = {
        name: value for name, value in os.environ.items() if _KNOWN.fullmatch(name) or name in bounds.passed
    }
    return {**passed, **_SET, "GIT_ALLOW_PROTOCOL": bounds.protocols}


def _conversation(process: subprocess.Popen[bytes], complaint: Complaint) -> Git:
    if process.stdin is None or process.stdout is None:
        raise AssertionError(process.args)
    return Git(process, process.stdin, process.stdout, complaint)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill git with all that it started; daemons that it left behind when it ended by itself go on."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _printable(line: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in line).split())
