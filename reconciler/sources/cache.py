"""Documents that were parsed and found schema-valid before, by their file's stamp and by its digest.

Of most packages nobody asks more than whether they are still what they were: beside the document of one that
nothing is wrong with lies its outline, which counts while the catalog is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder, decode, encode

from reconciler.sources.kept import Kept
from reconciler.sources.stamps import Stamp, settled_stamp_of, stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.packages import DesiredPackage

_ONE_IN: Final = 100
"""Writing all costs as much as reading and parsing one file in so many."""


class Outline(Struct, frozen=True, array_like=True):
    """What is asked of every package.

    Attributes:
        definition: The digest of its definition.
    """

    definition: str
    title: str
    states_emails: bool


class Entry(Struct, array_like=True):
    """A file, as it was read before.

    Attributes:
        stamp: None where it could have changed since, and look the same.
        digest: Of its content.
        text: Its document, as JSON.
        outline: None where there is more to say of it.
    """

    path: str
    stamp: Stamp | None
    digest: str
    text: Raw
    outline: Outline | None = None

    def document(self) -> dict[str, Any]:
        """Return its document."""
        document: dict[str, Any] = decode(self.text)
        return document


class _All(Struct, array_like=True):
    catalog: str = ""
    entries: tuple[Entry, ...] = ()


_DECODER: Final = Decoder(_All)


class DocumentCache:
    """Remembers documents.

    Args:
        root: The folder that paths count from.
        since: When reading began, in nanoseconds from the epoch.
        catalog: A digest of what packages are judged by.
    """

    def __init__(self, root: str, since: int, catalog: str) -> None:
        self._root, self._since, self._catalog = root, since, catalog
        self._kept = Kept(root, "documents")
        self._known = self._load()
        self._by_digest: dict[str, Raw] | None = None
        self._used: dict[str, Entry] = {}
        self._new = 0

    @property
    def is_known(self) -> bool:
        """Whether anything is remembered of the repository."""
        return bool(self._known)

    def unchanged(self, path: str) -> Entry | None:
        """Return what is known of a file that need not be read, since it is what it was."""
        entry = self._known.get(path)
        if entry is None or entry.stamp is None or entry.stamp != stamp_of(f"{self._root}/{path}"):
            return None
        self._used[path] = entry
        return entry

    def get(self, path: str, digest: str) -> dict[str, Any] | None:
        """Return the document of a file that was read, if any file had this digest."""
        if self._by_digest is None:
            self._by_digest = {entry.digest: entry.text for entry in self._known.values()}
        text = self._by_digest.get(digest)
        if text is None:
            return None
        entry = self._remember(path, digest, text)
        self._new += entry.stamp is not None
        return entry.document()

    def put(self, path: str, digest: str, document: Mapping[str, Any]) -> None:
        """Remember a schema-valid document until `save`."""
        self._remember(path, digest, Raw(encode(document)))
        self._new += 1

    def outline(self, path: str, package: DesiredPackage) -> None:
        """Remember what is asked of a package that nothing is wrong with, beside its document."""
        stated = package.stated
        self._used[path].outline = Outline(stated.digest, stated.title, package.states_emails)
        self._new += 1

    def save(self) -> None:
        """Write what was used or is new, where that is worth it and possible."""
        if self._new * _ONE_IN > len(self._used):
            entries = tuple(each for path, each in self._used.items() if path.isprintable())
            self._kept.save(encode(_All(self._catalog, entries)))

    def _remember(self, path: str, digest: str, text: Raw) -> Entry:
        stamp = settled_stamp_of(f"{self._root}/{path}", self._since)
        entry = self._used[path] = Entry(path, stamp, digest, text)
        return entry

    def _load(self) -> dict[str, Entry]:
        body = self._kept.load()
        try:
            every = _DECODER.decode(body) if body else _All()
        except DecodeError:  # of this version, before it was released
            return {}
        if every.catalog != self._catalog:
            for entry in every.entries:
                entry.outline = None
        return {entry.path: entry for entry in every.entries}
