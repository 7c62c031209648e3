"""What is wrong with a file, and where."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from reconciler.model.secrets import tells_of_secret, without_secrets

_TAKE_IT_OUT: Final = "take the secret out, and have it replaced by a new one: who reads the file has it"


class Position(Struct, frozen=True, order=True):
    """A place in a file; line and column count from 1, columns in characters."""

    line: int = 1
    column: int = 1


class Finding(Struct, frozen=True, order=True):
    """Something wrong with a file. Orders by file, then by place.

    What is told to be a secret by its shape is in none of its texts.

    Attributes:
        file: Path relative to the configuration's folder, with forward slashes.
        rule: Stable id; `explain RULE` documents it.
        message: What is wrong, in one sentence.
        fix: What to do about it; empty where the message says it.
        severity: Only errors make files invalid.
    """

    file: str
    position: Position
    rule: str
    message: str
    fix: str = ""
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        """Hide secrets; what to do about one is not how to spell it otherwise."""
        file, message = without_secrets(self.file), without_secrets(self.message)
        has_secret = tells_of_secret(file) or tells_of_secret(message)
        fix = _TAKE_IT_OUT if has_secret else without_secrets(self.fix)
        if (file, message, fix) != (self.file, self.message, self.fix):
            for name, said in (("file", file), ("message", message), ("fix", fix)):
                force_setattr(self, name, said)
