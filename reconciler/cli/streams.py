"""The streams as such, for a program that may end before it needs to know what they can show."""

from __future__ import annotations

import os
import sys
from codecs import register_error
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import disarm, escaped

if TYPE_CHECKING:
    from types import TracebackType

_STANDARD_OUTPUT: Final = frozenset(map(Path, ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")))
_ESCAPED: Final = "reconciler.escaped"


class OutputClosedError(Exception):
    """The reader of standard output went away; nothing is wrong and nothing is to be said."""


def is_standard_output(path: Path) -> bool:
    """Whether a path that was named to write to stands for standard output."""
    return path in _STANDARD_OUTPUT


def soften_streams() -> None:
    """Have characters that a stream's encoding lacks escaped as in JSON, instead of ending the command."""
    register_error(_ESCAPED, _escaped)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=_ESCAPED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(escaped, error.object[error.start : error.end])), error.end


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
