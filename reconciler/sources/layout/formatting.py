"""`fmt`: from a text to its canonical text."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.sources.layout.canon import canonical
from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.parsing import parse
from reconciler.sources.layout.tree import Comment, Scalar
from reconciler.sources.yaml.fast import DoubtfulError, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.sources.layout.tree import Layout, Node

MODELINE = "# yaml-language-server:"


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
        return load(text.encode()) == load(content) and sorted(_said(parse(text))) == sorted(_said(before))
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
