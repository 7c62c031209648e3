"""Everything that `reconciler` refuses, with the exit code each refusal ends in.

    ReconcilerError            1  something unexpected
    ├── InvalidError           3  files or configuration are invalid (carries findings)
    ├── BlockedError           4  a guard or a rule of the domain forbids it
    │   └── UnaskedMovesError  4  an import would move clients, which nobody asked for (carries whom)
    ├── StaleError             5  the platform, or a file, moved since the plan
    ├── PartialError           6  partly applied (platforms without change sets only)
    ├── UnreachableError       7  the platform is out of reach or refused the credentials
    │   └── ContentionError    7  others wrote at the same time; trying again may help
    └── WrongUsageError       64  what was asked for does not exist or cannot be combined
        └── KeyReusedError    64  an idempotency key came with another request before

The README lists the exit codes; 0, 2 and 130 are not errors and live with the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from reconciler.model.findings import Finding
    from reconciler.model.moving import Moving


class ReconcilerError(Exception):
    """Root of every error that is shown to a person as a sentence and not as a traceback.

    Args:
        message: What happened and where.
        hint: What to do about it, or an empty string.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidError(ReconcilerError):
    """Files, configuration or input lines are invalid; `findings` names every fault."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.findings = findings


class BlockedError(ReconcilerError):
    """A guard, or a rule of the domain, forbids what was asked; nothing was written."""

    exit_code = 4


class UnaskedMovesError(BlockedError):
    """An import would give clients another package or start, and was not asked to; nothing was written."""

    def __init__(self, message: str, *, hint: str = "", moves: tuple[Moving, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.moves = moves


class StaleError(ReconcilerError):
    """The platform or a file moved since the plan was made; nothing was written."""

    exit_code = 5


class PartialError(ReconcilerError):
    """A platform without change sets took only some of the changes."""

    exit_code = 6


class UnreachableError(ReconcilerError):
    """The platform cannot be reached, or it refused the credentials."""

    exit_code = 7


class ContentionError(UnreachableError):
    """Others wrote at the same time; nothing was written, and the same may be tried again."""


class WrongUsageError(ReconcilerError):
    """The command was given something that does not exist or cannot be combined."""

    exit_code = 64


class KeyReusedError(WrongUsageError):
    """An idempotency key came with another request before; nothing was written."""
