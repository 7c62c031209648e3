"""The catalog's file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from reconciler.model.catalog import Catalog
from reconciler.sources.documents import locate_problems, read_document
from reconciler.sources.files import RefusedFileError, digest_of_bytes, displayed, read_linked
from reconciler.validation.catalog import catalog_problems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.findings import Finding


class CatalogReading(Struct, frozen=True):
    """The catalog, None where its file is missing or does not match the schema."""

    catalog: Catalog | None
    digests: Mapping[str, str]
    findings: tuple[Finding, ...]


def read_catalog(root: Path, path: str) -> CatalogReading:
    """Read the catalog at `path`, relative to `root`."""
    file = displayed(path)
    try:
        content = read_linked(f"{root}/{path}", os.path.realpath(root))
    except RefusedFileError as error:
        refusal = error if os.path.lexists(f"{root}/{path}") else _missing(file)
        return CatalogReading(None, {}, (refusal.finding(file),))
    digests = {file: digest_of_bytes(content)}
    reading = read_document(file, content, "catalog")
    if reading.document is None:
        return CatalogReading(None, digests, reading.findings)
    findings = tuple(locate_problems(file, content, catalog_problems(reading.document)))
    return CatalogReading(Catalog.normalised(reading.document), digests, findings)


def written_order(root: Path, path: str, kind: Literal["features", "limits"]) -> tuple[str, ...]:
    """Return the keys of features or limits from the top of the file to its end; none where it is unsound."""
    try:
        document = read_document(
            path, read_linked(f"{root}/{path}", os.path.realpath(root)), "catalog"
        ).document
    except RefusedFileError:
        return ()
    return tuple((document or {}).get(kind, ()))


def _missing(file: str) -> RefusedFileError:
    fix = f"create {file}, or set `catalog` in reconciler.yaml"
    return RefusedFileError("missing-catalog", "there is no such file", fix)
