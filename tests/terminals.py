"""A person at a terminal, who reads, waits and answers."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from select import select

ROOT = Path(__file__).parents[1]
INTERRUPT = b"\x03"


def answered(
    folder: Path, answer: bytes, *arguments: str, typed: bytes = b"", **variables: str
) -> tuple[int, str]:
    """Run a command that asks; return its exit code and all that the terminal showed.

    `typed` waits in the terminal before the command begins to read.
    """
    leader, follower = pty.openpty()
    os.write(leader, typed)
    process = subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb", **variables},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        preexec_fn=lambda: os.login_tty(follower),  # noqa: PLW1509 - so that ^C becomes a signal
    )
    os.close(follower)
    seen = _dialogue(leader, answer)
    os.close(leader)
    return process.wait(60), seen.decode()


def _dialogue(terminal: int, answer: bytes) -> bytes:
    """Read a terminal to its end, and answer once it has asked and been silent, as a person does.

    An interrupt in the instant before a program begins to wait for input is noticed only with the next one:
    it is sent again where nothing happens, but not to one that ends because of it, which would be killed.
    """
    seen, is_answered = b"", False
    while True:
        ready, _, _ = select([terminal], [], [], 0.5)
        if not ready:
            is_waiting = b"[y/N]" in seen and b"Interrupted." not in seen
            if is_waiting and (answer == INTERRUPT or not is_answered):
                os.write(terminal, answer)
                is_answered = True
            continue
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            return seen
