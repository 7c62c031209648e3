"""What is wrong with a file, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1, columns in characters."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something wrong with a file. Orders by file, then by place.

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
