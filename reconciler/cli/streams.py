"""The streams as such, for a program that may end before it needs to know what they can show."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import disarm

if TYPE_CHECKING:
    from types import TracebackType

_STANDARD_OUTPUT: Final = frozenset(map(Path, ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")))


class OutputClosedError(Exception):
    """The reader of standard output went away; nothing is wrong and nothing is to be said."""


def is_standard_output(path: Path) -> bool:
    """Whether a path that was named to write to stands for standard output."""
    return path in _STANDARD_OUTPUT


def soften_streams() -> None:
    """Let characters that a stream's encoding does not have be escaped instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def disarm_tracebacks() -> None:
    """Let no build server obey a line of a bug's traceback, which quotes what the program was given."""

    def show(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        from traceback import format_exception

        sys.stderr.write(disarm("".join(format_exception(error))))

    sys.excepthook = show


def leave_output() -> None:
    """Point standard output nowhere, so that nothing is said about it when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
