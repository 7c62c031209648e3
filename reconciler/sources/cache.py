"""Documents that were parsed and found schema-valid before, by the digest of their file.

The cache lies in the repository's folder, where a commit could plant one. It is sealed with a key that lies
in the user's own cache folder: what this user did not write on this machine is not read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.sources.atomic import write_atomically
from reconciler.sources.schemas import schema_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_DECODER: Final = json.JSONDecoder()
_KEY_BYTES: Final = 32
FEWEST_NEW: Final = 50
"""Fewer new files than this are parsed sooner than the cache is written."""


class DocumentCache:
    """Remembers documents. Whatever goes wrong with its file, it only forgets."""

    def __init__(self, root: Path) -> None:
        self._folder = root / ".reconciler"
        self._file = self._folder / "cache" / "packages.jsonl"
        self._key = _machine_key()
        self._known = self._load()
        self._used: dict[str, str] = {}
        self._new = 0

    def get(self, digest: str) -> dict[str, Any] | None:
        """Return the document of the file with this digest, if it is known."""
        line = self._known.get(digest)
        if line is None:
            return None
        self._used[digest] = line
        document: dict[str, Any] = _DECODER.raw_decode(line)[0]
        return document

    def put(self, digest: str, document: Mapping[str, Any]) -> None:
        """Remember a schema-valid document until `save`."""
        if self._key:
            self._new += 1
            self._used[digest] = json.dumps(document, separators=(",", ":"))

    def save(self) -> None:
        """Write what was used or is new, where that is worth it and possible."""
        if not self._key or self._new < FEWEST_NEW or self._is_linked():
            return
        body = "".join(f"{digest} {line}\n" for digest, line in self._used.items()).encode()
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            ignore = self._folder / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, b"*\n")
            write_atomically(self._file, self._seal(body) + b"\n" + body)

    def _load(self) -> dict[str, str]:
        if not self._key or self._is_linked():
            return {}
        try:
            seal, _, body = self._file.read_bytes().partition(b"\n")
        except OSError:
            return {}
        if not hmac.compare_digest(seal, self._seal(body)):
            return {}
        pairs = (line.partition(" ") for line in body.decode().split("\n"))
        return {digest: line for digest, _, line in pairs}

    def _is_linked(self) -> bool:
        """Whether a link stands where the cache should be, so that it could lead anywhere."""
        return any(path.is_symlink() for path in (self._folder, self._file.parent, self._file))

    def _seal(self, body: bytes) -> bytes:
        maker = hashlib.sha256(__version__.encode() + schema_text("package")).digest()
        return hmac.new(self._key + maker, body, hashlib.sha256).hexdigest().encode()


def _machine_key() -> bytes:
    """Return this user's key, made when first needed; empty where none can be kept."""
    stated = os.environ.get("XDG_CACHE_HOME", "")
    try:
        folder = (Path(stated) if stated.startswith("/") else Path.home() / ".cache") / "reconciler"
        with suppress(FileNotFoundError):
            key = (folder / "key").read_bytes()
            return key if len(key) == _KEY_BYTES else b""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(_KEY_BYTES)
        write_atomically(folder / "key", key, mode=0o600)
    except (OSError, RuntimeError):
        return b""
    return key
