"""From the live catalog to the text of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.catalog import Catalog
from reconciler.sources.layout.editing import edited
from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.yaml.inspection import inspect

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_KINDS = ("features", "limits")


def updated_catalog_text(content: bytes, live: Catalog, in_use: Collection[str]) -> str:
    """Return the catalog's file with what differs from the live catalog set to what is live.

    Args:
        content: The file, schema-valid.
        live: What the platform has.
        in_use: Keys that packages name which are not live yet: they stay.
    """
    document: dict[str, Any] = inspect(content).document
    now, then = Catalog.normalised(document).as_document(), live.as_document()
    wanted: dict[str, Any] = {}
    for kind in _KINDS:
        here = document.get(kind, {})
        merged = _merged(here, now[kind], then[kind], in_use)
        if merged != here:
            wanted[kind] = merged or None
    return emit(edited(parse(content.decode()), wanted, _KINDS))


def _merged(
    here: Mapping[str, Any], now: Mapping[str, Any], then: Mapping[str, Any], in_use: Collection[str]
) -> dict[str, Any]:
    """Keep the author's order and spelling of what is equal; new keys follow."""
    merged = {key: here[key] if now[key] == then.get(key) else then.get(key) for key in here}
    kept = {key: value or here[key] for key, value in merged.items() if value or key in in_use}
    return {**kept, **{key: value for key, value in then.items() if key not in kept}}
