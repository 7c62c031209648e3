"""Documents that were parsed and found schema-valid before, by the digest of their file.

The cache lies in the repository's folder, where a commit could plant one. It is sealed with a key that lies
in the user's own cache folder: what this user did not write on this machine is not read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from reconciler import __version__
from reconciler.sources.atomic import write_atomically
from reconciler.sources.checkouts import decided_by_commits
from reconciler.sources.schemas import schema_text
from reconciler.sources.user_cache import user_cache
from reconciler.state_folder import NAME, refuse_link, state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DECODER: Final = json.JSONDecoder()
_FOLDER: Final = "cache"
_KEY_BYTES: Final = 32
FEWEST_NEW: Final = 50
"""Fewer new files than this are parsed sooner than the cache is written."""


class DocumentCache:
    """Remembers documents. Whatever goes wrong with its file, it only forgets."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / NAME / _FOLDER / "packages.jsonl"
        self._key = _machine_key(root)
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
        if not self._key or self._new < FEWEST_NEW:
            return
        body = "".join(f"{digest} {line}\n" for digest, line in self._used.items()).encode()
        with suppress(OSError):
            state_folder(self._root, _FOLDER)
            write_atomically(self._file, self._seal(body) + b"\n" + body)

    def _load(self) -> dict[str, str]:
        if not self._key:
            return {}
        try:
            for path in (self._file.parent.parent, self._file.parent, self._file):
                refuse_link(path)
            seal, _, body = self._file.read_bytes().partition(b"\n")
        except OSError:
            return {}
        if not hmac.compare_digest(seal, self._seal(body)):
            return {}
        pairs = (line.partition(" ") for line in body.decode().split("\n"))
        return {digest: line for digest, _, line in pairs}

    def _seal(self, body: bytes) -> bytes:
        maker = hashlib.sha256(__version__.encode() + schema_text("package")).digest()
        return hmac.new(self._key + maker, body, hashlib.sha256).hexdigest().encode()


def _machine_key(root: Path) -> bytes:
    """Return this user's key, made when first needed; empty where none can be kept from a commit's reach."""
    try:
        folder = user_cache()
        if decided_by_commits(folder / "key", root):
            return b""
        with suppress(FileNotFoundError):
            key = (folder / "key").read_bytes()
            return key if len(key) == _KEY_BYTES else b""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(_KEY_BYTES)
        write_atomically(folder / "key", key, mode=0o600)
    except (OSError, RuntimeError):
        return b""
    return key
