"""What came out of a foreign file."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class Import(Struct):
    """Documents in our own words, filled while a foreign file is read.

    Attributes:
        features: Catalog documents by key.
        limits: The same.
        packages: Package documents by key.
        remarks: What could not be carried over, or was changed on the way; each said once.
    """

    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    limits: dict[str, dict[str, Any]] = field(default_factory=dict)
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def remark(self, sentence: str) -> None:
        """Tell what a person should look at."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)
