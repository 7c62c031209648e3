"""The streams as such, for a program that may end before it needs to know what they can show."""

import os
import sys


class OutputClosedError(Exception):
    """The reader of standard output went away; nothing is wrong and nothing is to be said."""


def soften_streams() -> None:
    """Let characters that a stream's encoding does not have be escaped instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def leave_output() -> None:
    """Point standard output nowhere, so that nothing is said about it when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
