"""`fmt`: from a text to its canonical text.

Keys in the order of the schema, two columns a level, quotes only where needed.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from unicodedata import normalize

from msgspec.structs import replace

from reconciler.sources.layout.emission import emit, fits, may_fit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.layout.scalars import rewritten
from reconciler.sources.layout.tree import Collection, Comment, Scalar
from reconciler.sources.yaml.fast import DoubtfulError, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.sources.layout.tree import Entry, Layout, Node

Shape: TypeAlias = "Mapping[str, Any]"
"""A part of a JSON Schema, of which only the order of the keys counts here."""

_INDENT: Final = 2


MODELINE = "# yaml-language-server:"


def canonical(layout: Layout, schema: Shape) -> Layout:
    """Return the layout in canonical form; values and comments are the same.

    Keys that the schema does not know follow those that it knows; the order of lists, and of mappings whose
    keys the schema leaves open, is the author's.
    """
    root = _Canon(schema).block(layout.root, schema, 0)
    head = tuple(map(_spaced, layout.head))
    return replace(layout, root=_with_first_blank(root, layout.root), head=head)


class _Canon:
    def __init__(self, schema: Shape) -> None:
        self._definitions: Mapping[str, Shape] = schema.get("$defs", {})

    def block(self, collection: Collection, shape: Shape, column: int) -> Collection:
        """Canonicalise a mapping or list whose entries start at `column`."""
        entries = self._ordered(collection, shape)
        done = tuple(self._entry(entry, self._inner(shape, entry), column) for entry in entries)
        foot = tuple(map(_spaced, collection.foot))
        return replace(collection, entries=done, is_flow=False, indent=_INDENT, foot=foot)

    def _entry(self, entry: Entry, shape: Shape, column: int) -> Entry:
        key = _plainly(entry.key, in_flow=False) if entry.key else None
        width = column + (len(key.source) + 1 if key else 1)
        return replace(
            entry,
            key=key,
            value=self._node(entry.value, shape, column, width),
            head=tuple(map(_spaced, entry.head)),
            tail=_spaced(entry.tail) if entry.tail else None,
        )

    def _node(self, node: Node, shape: Shape, column: int, width: int) -> Node:
        if isinstance(node, Scalar):
            is_long = "\n" in node.source or (isinstance(node.value, str) and "\n" in node.value)
            return node if is_long else _plainly(node, in_flow=False)
        if may_fit(node, width) and fits(flow := self._flow(node, shape), width):
            return flow
        return self.block(node, shape, column + _INDENT)

    def _flow(self, collection: Collection, shape: Shape) -> Collection:
        entries = []
        for entry in self._ordered(collection, shape):
            value = entry.value
            if isinstance(value, Scalar):
                value = _plainly(value, in_flow=True)
            else:
                value = self._flow(value, self._inner(shape, entry))
            entries.append(
                replace(entry, key=_plainly(entry.key, in_flow=True) if entry.key else None, value=value)
            )
        return replace(collection, entries=tuple(entries))

    def _ordered(self, collection: Collection, shape: Shape) -> list[Entry]:
        order = {key: number for number, key in enumerate(self._resolved(shape).get("properties", ()))}
        return sorted(collection.entries, key=lambda entry: order.get(_text(entry.key), len(order)))

    def _inner(self, shape: Shape, entry: Entry) -> Shape:
        """Return the shape of an entry's value."""
        shape = self._resolved(shape)
        if entry.key is None:
            inner = shape.get("items", {})
        else:
            patterns = shape.get("patternProperties", {"": shape.get("additionalProperties", {})})
            inner = shape.get("properties", {}).get(entry.key.value, next(iter(patterns.values())))
        return inner if isinstance(inner, dict) else {}

    def _resolved(self, shape: Shape) -> Shape:
        """Follow a reference; of alternatives, take the one that has keys or items."""
        if "$ref" in shape:
            return self._resolved(self._definitions[shape["$ref"].rpartition("/")[2]])
        choices = [self._resolved(choice) for choice in shape.get("anyOf", ())]
        return next((choice for choice in choices if choice.get("type") in {"object", "array"}), shape)


def _plainly(scalar: Scalar, *, in_flow: bool) -> Scalar:
    source = rewritten(scalar, in_flow=in_flow)
    return scalar if source == scalar.source else replace(scalar, source=source)


def _text(key: Scalar | None) -> str:
    return str(key.value) if key else ""


def _spaced(comment: Comment) -> Comment:
    """Put a space after the `#`, except in drawn lines."""
    is_tight = len(comment.text) > 1 and comment.text[1].isalnum()
    return replace(comment, text=f"# {comment.text[1:]}") if is_tight else comment


def _with_first_blank(root: Collection, before: Collection) -> Collection:
    """Leave the blank line below the file's head where it is, whichever key comes first now."""
    first, old = root.entries[:1], before.entries[:1]
    if not first or first[0].key is None or (old[0].key and first[0].key.value == old[0].key.value):
        return root
    blank = old[0].head[0].after_blank if old[0].head else old[0].after_blank
    entries = tuple(
        _led(entry, is_blank=False) if _text(entry.key) == _text(old[0].key) else entry
        for entry in root.entries[1:]
    )
    return replace(root, entries=(_led(first[0], is_blank=blank), *entries))


def _led(entry: Entry, *, is_blank: bool) -> Entry:
    """Return the entry with or without a blank line above all that belongs to it."""
    if not entry.head:
        return replace(entry, after_blank=is_blank)
    return replace(entry, head=(replace(entry.head[0], after_blank=is_blank), *entry.head[1:]))


def formatted(content: bytes, schema: Mapping[str, Any], *, modeline: str = "") -> str:
    """Return the canonical text of a file; formatting it again changes nothing.

    A text whose canonical form would not say the same, comments included, comes back as it is.

    Args:
        content: In which `sources.yaml.inspect` finds no fault.
        schema: The JSON Schema of the file, for the order of its keys.
        modeline: The comment that tells editors which schema is meant, for a file that has none.
    """
    content = content.removeprefix(BOM_UTF8)
    before = _with_modeline(parse(content.decode()), modeline)
    text = emit(canonical(before, schema), aligned=True)
    unchanged = content.decode()
    return text if text == unchanged or _says_the_same(text, content, before) else unchanged


def _with_modeline(layout: Layout, modeline: str) -> Layout:
    if not modeline or any(comment.text.startswith(MODELINE) for comment in layout.head):
        return layout
    return replace(layout, head=(Comment(modeline), *layout.head))


def _says_the_same(text: str, content: bytes, before: Layout) -> bool:
    try:
        composed = normalize("NFC", content.decode()).encode()
        return load(text.encode()) == load(composed) and sorted(_said(parse(text))) == sorted(_said(before))
    except DoubtfulError:
        return False


def _said(layout: Layout) -> Iterator[str]:
    yield from (_words(comment.text) for comment in layout.head)
    yield from _said_in(layout.root)


def _said_in(node: Node) -> Iterator[str]:
    if isinstance(node, Scalar):
        return
    for entry in node.entries:
        beside = (entry.tail,) if entry.tail else ()
        yield from (_words(comment.text) for comment in (*entry.head, *beside))
        yield from _said_in(entry.value)
    yield from (_words(comment.text) for comment in node.foot)


def _words(comment: str) -> str:
    return comment[1:].strip()
