"""`reconciler serve` as operators run it: a process of its own, ended by a signal."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Serving:
    """A server that listens.

    Attributes:
        announced: The line that it printed once it listened.
    """

    process: subprocess.Popen[str]
    announced: str

    @property
    def url(self) -> str:
        return self.announced.split(" at ")[1].partition(",")[0]

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def ended(self) -> tuple[int, str]:
        """End it by the signal that service managers send; return its exit code and what else it printed."""
        self.process.terminate()
        _, messages = self.process.communicate(timeout=30)
        return self.process.returncode, messages

    def peak_bytes(self) -> int:
        """Return the most memory that it had so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@contextmanager
def serving(folder: Path, *arguments: str, log: Path | None = None, **variables: str) -> Iterator[Serving]:
    """Serve the platform of the configuration in a folder, on a free port; its requests go to a log."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "serve", "--port", "0", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        stdout=os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        announced = process.stderr.readline()
        assert announced.startswith("Serving at "), announced + process.stderr.read()
        yield Serving(process, announced)
    finally:
        process.kill()
        process.communicate(timeout=30)
