"""Repairs of a package file that nobody could object to; comments, order and quotes elsewhere stay."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.model.emails import normal_email
from reconciler.model.quantities import UNLIMITED
from reconciler.model.terms import CAPS
from reconciler.sources.layout.editing import kept, plain
from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.layout.tree import Collection, Scalar

if TYPE_CHECKING:
    from reconciler.sources.layout.tree import Entry, Node

_DIGITS: Final = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z")
_TRUTH: Final = {"yes": True, "on": True, "no": False, "off": False}


def repaired(content: bytes, today: date) -> bytes:
    """Return the file with these set right, or the same bytes where there is nothing.

    Numbers in quotes, `Unlimited` in capitals, `yes` and `no` for `archived`; items that are listed twice;
    acknowledgements whose day is over.

    Args:
        content: In which `sources.yaml` finds no fault.
        today: Judges the acknowledgements.
    """
    layout = parse(content.decode())
    entries = tuple(_repaired(entry, today) for entry in layout.root.entries)
    stays = [not _is_emptied(old, new) for old, new in zip(layout.root.entries, entries, strict=True)]
    if entries == layout.root.entries:
        return content
    return emit(replace(layout, root=kept(replace(layout.root, entries=entries), stays))).encode()


def _repaired(entry: Entry, today: date) -> Entry:
    value = entry.value
    match entry.key.value if entry.key else None:
        case str(key) if key in CAPS:
            return replace(entry, value=_quantity(value))
        case "limits" if isinstance(value, Collection) and value.is_mapping:
            caps = tuple(replace(each, value=_quantity(each.value)) for each in value.entries)
            return replace(entry, value=replace(value, entries=caps))
        case "archived" if isinstance(value, Scalar):
            truth = _TRUTH.get(str(value.value).lower()) if isinstance(value.value, str) else None
            return entry if truth is None else replace(entry, value=Scalar(truth))
        case "features" | "allowed_emails" if isinstance(value, Collection) and not value.is_mapping:
            return replace(entry, value=_without_repeats(value))
        case "acknowledge" if isinstance(value, Collection) and not value.is_mapping:
            return replace(
                entry, value=kept(value, [not _is_over(each.value, today) for each in value.entries])
            )
        case _:
            return entry


def _quantity(node: Node) -> Node:
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return node
    text = node.value.strip()
    if _DIGITS.match(text):
        return Scalar(int(text))
    return Scalar(UNLIMITED) if text.lower() == UNLIMITED and text != UNLIMITED else node


def _without_repeats(listing: Collection) -> Collection:
    seen: set[str] = set()
    stays = []
    for entry in listing.entries:
        item = plain(entry.value)
        known = normal_email(item) if isinstance(item, str) else ""
        stays.append(not known or known not in seen)
        seen.add(known)
    return kept(listing, stays)


def _is_over(node: Node, today: date) -> bool:
    entry = plain(node)
    try:
        return date.fromisoformat(entry["until"]) < today
    except (KeyError, TypeError, ValueError):
        return False


def _is_emptied(old: Entry, new: Entry) -> bool:
    """Whether a repair took the last item of a list."""
    is_empty = isinstance(new.value, Collection) and not new.value.entries
    return is_empty and isinstance(old.value, Collection) and bool(old.value.entries)
