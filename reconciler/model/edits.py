"""What a command wants to write into the repository's files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class FileEdit:
    """One file before and after; the bytes, so that line endings and byte order marks count.

    Attributes:
        file: Path relative to the configuration's folder, with forward slashes.
        before: None where there is no such file.
    """

    file: str
    before: bytes | None
    after: bytes
