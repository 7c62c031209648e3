"""Exit codes that are not errors; those of errors stand at their classes."""

from typing import Final

DONE: Final = 0
CHANGES: Final = 2
INVALID: Final = 3
BLOCKED: Final = 4
WRONG_USAGE: Final = 64
INTERRUPTED: Final = 130
CLOSED_PIPE: Final = 141
"""What a shell reports for a program whose reader went away."""
