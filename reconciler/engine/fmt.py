"""`fmt`: every file in its canonical layout, nothing of what it says changed but spent acknowledgements."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.edits import FileEdit
from reconciler.sources.documents import read_faults
from reconciler.sources.files import RefusedFileError, list_packages, read_any, read_linked
from reconciler.sources.layout.formatting import MODELINE, formatted
from reconciler.sources.schemas import schema_of
from reconciler.sources.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.findings import Finding
    from reconciler.model.settings import Settings
    from reconciler.sources.schemas import Kind


class Formatting(Struct, frozen=True):
    """What formatting would write.

    Attributes:
        checked: How many files were looked at.
        findings: Why files were left alone, which `validate` says too.
    """

    root: Path
    edits: tuple[FileEdit, ...]
    checked: int
    findings: tuple[Finding, ...]


def fmt(config: Path) -> Formatting:
    """Return the edits that make every file canonical; nothing is written.

    A file that is no acceptable YAML is left alone; one that only breaks other rules is formatted.

    Raises:
        InvalidError: The configuration cannot be read at all.
    """
    config = config.absolute()
    root = config.parent
    settings = read_settings(config).settings
    edits: list[FileEdit] = []
    findings: list[Finding] = []
    lines: dict[tuple[str, Kind], str] = {}
    checked, real_root = 0, os.path.realpath(root)
    for file, kind in _files(config, settings, findings):
        checked += 1
        content = _content(real_root, file, kind, findings)
        if content is None:
            continue
        folder = file.rpartition("/")[0]
        if (folder, kind) not in lines:
            lines[folder, kind] = modeline(root, settings, file, kind)
        after = formatted(content, schema_of(kind), modeline=lines[folder, kind]).encode()
        if after != content:
            edits.append(FileEdit(file, content, after))
    return Formatting(root, tuple(edits), checked, tuple(sorted(findings)))


def modeline(root: Path, settings: Settings, file: str, kind: Kind) -> str:
    """Return the comment that leads editors to the schema beside the catalog; empty where there is none."""
    schema = root / os.path.dirname(settings.catalog) / f"{kind}.schema.json"  # noqa: PTH120  # a string
    if not schema.is_file():
        return ""
    return f"{MODELINE} $schema={os.path.relpath(schema, (root / file).parent)}"


def _files(config: Path, settings: Settings, findings: list[Finding]) -> Iterator[tuple[str, Kind]]:
    yield config.name, "reconciler"
    yield (catalog := os.path.normpath(settings.catalog)), "catalog"
    folder = os.path.normpath(settings.packages)
    try:
        listing = list_packages(str(config.parent), folder, {config.name, catalog})
    except RefusedFileError as error:
        findings.append(error.finding(folder))
        return
    findings += listing.findings
    for file in listing.files:
        yield file, "package"


def _content(root: str, file: str, kind: Kind, findings: list[Finding]) -> bytes | None:
    """Read a file inside `root`, a real path; None, and findings, where it is no acceptable YAML."""
    read = read_any if kind == "package" else read_linked
    try:
        content = read(f"{root}/{file}", root)
    except RefusedFileError as error:
        findings.append(error.finding(file))
        return None
    faults = read_faults(file, content)
    findings += faults
    return None if faults else content
