"""The streams as such, for a program that may end before it needs to know what they can show."""

from __future__ import annotations

import os
import sys
from codecs import register_error
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import disarm, escaped

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_STANDARD_OUTPUT: Final = frozenset(("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"))
_ESCAPED: Final = "reconciler.escaped"


class OutputClosedError(Exception):
    """The reader of standard output went away; nothing is wrong and nothing is to be said."""


def is_standard_output(path: Path) -> bool:
    """Whether a path that was named to write to stands for standard output."""
    return str(path) in _STANDARD_OUTPUT


def columns(otherwise: int) -> int:
    """Return how wide the terminal is, as `shutil` tells, whose imports cost more than `--help` itself."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else otherwise
    except (ValueError, OSError):
        return otherwise


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
