"""Documents that were parsed and found schema-valid before, by their file's stamp and by its digest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from reconciler.sources.kept import Kept
from reconciler.sources.stamps import settled_stamp_of, stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.sources.stamps import Stamp

_DECODER: Final = json.JSONDecoder()
_ONE_IN: Final = 100
"""Writing all costs as much as reading and parsing one file in so many."""


class DocumentCache:
    """Remembers documents.

    Args:
        root: The folder that paths count from.
        since: When reading began, in nanoseconds from the epoch.
    """

    def __init__(self, root: str, since: int) -> None:
        self._root, self._since = root, since
        self._kept = Kept(root, "documents")
        self._known = self._load()
        self._by_digest: dict[str, str] | None = None
        self._used: list[tuple[tuple[str, Stamp | None, str], str]] = []
        self._new = 0

    @property
    def is_known(self) -> bool:
        """Whether anything is remembered of the repository."""
        return bool(self._known)

    def unchanged(self, path: str) -> tuple[str, dict[str, Any]] | None:
        """Return digest and document of a file that need not be read, since it is what it was."""
        stamp, digest, line = self._known.get(path, _UNKNOWN)
        if stamp is None or stamp != stamp_of(f"{self._root}/{path}"):
            return None
        self._used.append(((path, stamp, digest), line))
        return digest, _DECODER.raw_decode(line)[0]

    def get(self, path: str, digest: str) -> dict[str, Any] | None:
        """Return the document of a file that was read, if any file had this digest."""
        if self._by_digest is None:
            self._by_digest = {known: line for _, known, line in self._known.values()}
        line = self._by_digest.get(digest)
        if line is None:
            return None
        self._new += self._remember(path, digest, line)
        document: dict[str, Any] = _DECODER.raw_decode(line)[0]
        return document

    def put(self, path: str, digest: str, document: Mapping[str, Any]) -> None:
        """Remember a schema-valid document until `save`."""
        self._remember(path, digest, json.dumps(document, separators=(",", ":")))
        self._new += 1

    def save(self) -> None:
        """Write what was used or is new, where that is worth it and possible."""
        if self._new * _ONE_IN > len(self._used):
            heads = json.dumps([head for head, _ in self._used], separators=(",", ":"))
            self._kept.save("\n".join((heads, *(line for _, line in self._used))).encode())

    def _remember(self, path: str, digest: str, line: str) -> bool:
        """Say whether the file need not be read next time."""
        stamp = settled_stamp_of(f"{self._root}/{path}", self._since)
        self._used.append(((path, stamp, digest), line))
        return stamp is not None

    def _load(self) -> dict[str, tuple[Stamp | None, str, str]]:
        heads, *lines = self._kept.load().decode().split("\n")
        known = json.loads(heads) if heads else ()
        return {path: (stamp, digest, line) for (path, stamp, digest), line in zip(known, lines, strict=True)}


_UNKNOWN: Final[tuple[Stamp | None, str, str]] = (None, "", "")
