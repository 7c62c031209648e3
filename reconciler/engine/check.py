"""`validate` where nothing moved since the last time: what was found then is found, and no file is read."""

from __future__ import annotations

import os
from contextlib import suppress
from time import time_ns
from typing import TYPE_CHECKING, Final

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, encode

from reconciler.model.findings import Finding  # noqa: TC001 - msgspec reads it
from reconciler.sources.files import RefusedFileError, list_packages
from reconciler.sources.kept import Kept
from reconciler.sources.stamps import Stamp, settled_stamp_of, stamp_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from reconciler.sources.workspace import Workspace


class Checked(Struct, frozen=True):
    """What a check found, and in how many packages."""

    packages: int
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, workspace: Workspace) -> Checked:
        """Check what was read."""
        from reconciler.engine.validate import lint  # noqa: PLC0415  # all that reads files, where any is read

        return cls(len(workspace.packages), lint(workspace))


class _Record(Struct, array_like=True):
    """A check, and when and of what it was made; `folder` and `catalog` are paths from the root."""

    day: str
    folder: str
    catalog: str
    stamps: dict[str, Stamp]
    found: Checked


_DECODER: Final = Decoder(_Record)


def check(
    config: Path, today: date, read: Callable[[], Workspace], *, clock: Callable[[], int] = time_ns
) -> Checked:
    """Check all files that `config` ties together, or say again what was found in the same files today.

    Args:
        config: The configuration file.
        today: The day that acknowledgements are judged by.
        read: Reads the workspace, where that is needed.
        clock: Says, in nanoseconds from the epoch, when reading begins.
    """
    kept = Kept(str(config.absolute().parent), f"{config.name}.checked")
    if known := _recalled(kept, config, today):
        return known
    since, workspace = clock(), read()
    found = Checked.of(workspace)
    if (stamps := _settled(config, workspace, since)) is not None:
        with suppress(UnicodeEncodeError):  # a file's name is no text
            kept.save(_record(today, workspace, stamps, found))
    return found


def _record(today: date, workspace: Workspace, stamps: dict[str, Stamp], found: Checked) -> bytes:
    settings = workspace.settings
    paths = os.path.normpath(settings.packages), os.path.normpath(settings.catalog)
    return encode(_Record(str(today), *paths, stamps, found))


def _recalled(kept: Kept, config: Path, today: date) -> Checked | None:
    body = kept.load()
    if not body:
        return None
    try:
        before = _DECODER.decode(body)
    except DecodeError:  # of this version, before it was released
        return None
    root, beside = str(config.absolute().parent), {config.name, before.catalog}
    is_same = before.day == str(today) and _is_same(root, before.folder, beside, before.stamps)
    return before.found if is_same else None


def _is_same(root: str, folder: str, beside: set[str], stamps: Mapping[str, Stamp]) -> bool:
    """Whether the folder holds the same package files, and all files are what they were."""
    try:
        listing = list_packages(root, folder, beside)
    except RefusedFileError:
        return False
    real_root = os.path.realpath(root)
    if any(os.path.realpath(f"{root}/{path}") != f"{real_root}/{path}" for path in beside):
        return False  # by way of a folder that became a link
    is_listed = not listing.findings and beside.union(listing.files) == stamps.keys()
    return is_listed and all(stamp_of(f"{root}/{path}") == stamp for path, stamp in stamps.items())


def _settled(config: Path, workspace: Workspace, since: int) -> dict[str, Stamp] | None:
    """Return the stamps of all files; None where one of them could change unseen."""
    stamps: dict[str, Stamp] = {}
    for path in (config.name, os.path.normpath(workspace.settings.catalog), *workspace.package_files):
        stamp = settled_stamp_of(f"{workspace.root}/{path}", since)
        if stamp is None:
            return None
        stamps[path] = stamp
    return stamps
