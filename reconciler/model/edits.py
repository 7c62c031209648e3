"""What a command wants to write into the repository's files."""

from __future__ import annotations

from msgspec import Struct


class FileEdit(Struct, frozen=True, order=True):
    """One file before and after; the bytes, so that line endings and byte order marks count.

    Attributes:
        file: Path relative to the configuration's folder, with forward slashes.
        before: None where there is no such file.
    """

    file: str
    before: bytes | None
    after: bytes
