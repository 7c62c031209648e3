"""Setting values in a layout: what a person wrote around them stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.sources.layout.tree import Collection, Entry, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.sources.layout.tree import Comment, Layout, Node


def edited(layout: Layout, values: Mapping[str, Any], order: Sequence[str]) -> Layout:
    """Return the layout with top-level keys set, or taken out where the value is None.

    Order, quotes and the choice between lines and brackets stay. Comments on lines of their own stay too,
    even where what was below them goes; only a comment beside a value goes with it.

    Args:
        layout: The file.
        values: Per key.
        order: Of the keys: where a new one is put.
    """
    root = layout.root
    for key, value in values.items():
        root = _without(root, {key}) if value is None else _with(root, key, value, order)
    return replace(layout, root=root)


def built(value: Any) -> Node:
    """Return the layout of a value that nobody has written yet: lines, not brackets."""
    if isinstance(value, dict):
        pairs = (Entry(built(inner), Scalar(key)) for key, inner in value.items())
        return Collection(tuple(pairs), is_mapping=True)
    if isinstance(value, (list, tuple)):
        return Collection(tuple(Entry(built(item)) for item in value), is_mapping=False)
    return Scalar(value)


def _with(mapping: Collection, key: str, value: Any, order: Sequence[str]) -> Collection:
    entries = list(mapping.entries)
    for number, entry in enumerate(entries):
        if _name(entry) == key:
            entries[number] = _updated_entry(entry, value)
            return replace(mapping, entries=tuple(entries))
    entries.insert(_place(entries, key, order), Entry(built(value), Scalar(key)))
    return replace(mapping, entries=tuple(entries))


def _place(entries: Sequence[Entry], key: str, order: Sequence[str]) -> int:
    """Return the place behind the last key that comes before this one; unknown keys go last."""
    if key not in order:
        return len(entries)
    earlier = set(order[: order.index(key)])
    return max((number + 1 for number, entry in enumerate(entries) if _name(entry) in earlier), default=0)


def _updated_entry(entry: Entry, value: Any) -> Entry:
    updated = _updated(entry.value, value)
    if isinstance(updated, Collection) and not updated.entries:
        return replace(entry, value=replace(updated, foot=()), head=(*entry.head, *updated.foot))
    is_replaced = isinstance(updated, Scalar) and isinstance(entry.value, Collection)
    above = tuple(_lines_of(entry.value)) if is_replaced else ()
    return replace(entry, value=updated, head=(*entry.head, *above))


def _updated(node: Node, value: Any) -> Node:
    if isinstance(node, Scalar):
        if isinstance(value, (dict, list, tuple)):
            return built(value)
        is_same = node.value == value and node.value.__class__ is value.__class__
        return node if is_same else Scalar(value, style=node.style)
    if node.is_mapping and isinstance(value, dict):
        mapping = _without(node, {_name(entry) for entry in node.entries} - value.keys())
        for key, inner in value.items():
            mapping = _with(mapping, key, inner, ())
        return mapping
    return built(value) if node.is_mapping or not isinstance(value, (list, tuple)) else _listing(node, value)


def _listing(node: Collection, values: Sequence[Any]) -> Collection:
    """Keep the items that are still wanted, where they are, and put new ones at the end."""
    there = [plain(entry.value) for entry in node.entries]
    stays = kept(node, [item in values for item in there])
    new = tuple(Entry(built(value)) for value in values if value not in there)
    return replace(stays, entries=(*stays.entries, *new))


def _without(mapping: Collection, keys: set[str]) -> Collection:
    return kept(mapping, [_name(entry) not in keys for entry in mapping.entries])


def kept(collection: Collection, is_kept: Iterable[bool]) -> Collection:
    """Drop entries; the lines of comment above and inside them go to what follows."""
    entries: list[Entry] = []
    left: tuple[Comment, ...] = ()
    for entry, stays in zip(collection.entries, is_kept, strict=True):
        if stays:
            entries.append(replace(entry, head=(*left, *entry.head)))
            left = ()
        else:
            left = (*left, *entry.head, *_lines_of(entry.value))
    return replace(collection, entries=tuple(entries), foot=(*left, *collection.foot))


def _lines_of(node: Node) -> Iterator[Comment]:
    """Yield the comments that stand on lines of their own inside a value."""
    if isinstance(node, Collection):
        for entry in node.entries:
            yield from entry.head
            yield from _lines_of(entry.value)
        yield from node.foot


def plain(node: Node) -> Any:
    """Return the value that a node holds."""
    if isinstance(node, Scalar):
        return node.value
    if node.is_mapping:
        return {_name(entry): plain(entry.value) for entry in node.entries}
    return [plain(entry.value) for entry in node.entries]


def _name(entry: Entry) -> str:
    return str(entry.key.value) if entry.key else ""
