"""From a layout to text."""

from __future__ import annotations

from itertools import dropwhile, groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.sources.layout.scalars import rewritten, written
from reconciler.sources.layout.tree import Collection, Comment, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.sources.layout.tree import Entry, Layout, Node

WIDEST_FLOW: Final = 100
"""Columns; a list or mapping in brackets that does not fit is written as a block."""


class _Line(NamedTuple):
    text: str
    comment: Comment | None = None


def emit(layout: Layout, *, aligned: bool = False) -> str:
    """Return the text of a file, ending in one line break.

    Args:
        layout: The file.
        aligned: Put comments at the ends of neighbouring lines below one another, not where they were.
    """
    lines = [*_comments(layout.head, 0), *_block(layout.root, 0)]
    lines = list(dropwhile(lambda line: not line.text, lines))
    return "".join(f"{line}\n" for line in (_aligned(lines) if aligned else map(_where_it_was, lines)))


def _where_it_was(line: _Line) -> str:
    if line.comment is None:
        return line.text
    return f"{line.text:<{max(line.comment.column - 1, 0)}} {line.comment.text}"


def _aligned(lines: Iterable[_Line]) -> Iterator[str]:
    for has_comment, group in groupby(lines, key=lambda line: line.comment is not None):
        run = list(group)
        if not has_comment:
            yield from (line.text for line in run)
            continue
        width = max(len(line.text) for line in run)
        yield from (f"{line.text:<{width}}  {line.comment.text}" for line in run if line.comment)


def _comments(comments: Iterable[Comment], column: int) -> Iterator[_Line]:
    for comment in comments:
        if comment.after_blank:
            yield _Line("")
        yield _Line(" " * column + comment.text)


def _block(collection: Collection, column: int) -> Iterator[_Line]:
    """Yield the lines of a block whose entries start at `column`."""
    for number, entry in enumerate(collection.entries):
        lines = _pair(entry, column) if collection.is_mapping else _item(entry, column)
        yield from lines if number or column == 0 else _without_blank(lines)
    yield from _comments(collection.foot, column)


def _without_blank(lines: Iterator[_Line]) -> Iterator[_Line]:
    first = next(lines)
    yield from () if not first.text else (first,)
    yield from lines


def _above(entry: Entry, column: int) -> Iterator[_Line]:
    yield from _comments(entry.head, column)
    if entry.after_blank:
        yield _Line("")


def _pair(entry: Entry, column: int) -> Iterator[_Line]:
    yield from _above(entry, column)
    key = rewritten(entry.key, in_flow=False) if entry.key else ""
    opening = f"{' ' * column}{key}:"
    if isinstance(entry.value, Collection) and not fits(entry.value, len(opening)):
        yield _Line(opening, entry.tail)
        yield from _block(entry.value, column + entry.value.indent)
    else:
        yield from _on_the_line(f"{opening} ", entry, column)


def _item(entry: Entry, column: int) -> Iterator[_Line]:
    opening = f"{' ' * column}-"
    if not isinstance(entry.value, Collection) or fits(entry.value, len(opening)):
        yield from _above(entry, column)
        yield from _on_the_line(f"{opening} ", entry, column)
        return
    yield from _above(entry, column)
    inner = column + max(entry.value.indent, 2)
    lines = list(_block(entry.value, inner))
    opens = next(number for number, line in enumerate(lines) if not line.text.lstrip().startswith("#"))
    yield from (_Line(" " * column + line.text.lstrip()) for line in lines[:opens] if line.text)
    yield _Line(f"{opening:<{inner}}{lines[opens].text[inner:]}", lines[opens].comment)
    yield from lines[opens + 1 :]


def _on_the_line(opening: str, entry: Entry, column: int) -> Iterator[_Line]:
    lines = _value(entry.value, column).split("\n")
    is_block = isinstance(entry.value, Scalar) and (entry.value.style in {"|", ">"} or not entry.value.source)
    last = 0 if is_block else len(lines) - 1
    for number, line in enumerate(lines):
        text = f"{opening}{line}" if number == 0 else line
        yield _Line(text, entry.tail if number == last else None)


def _value(node: Node, column: int) -> str:
    if isinstance(node, Collection):
        return _flow(node)
    if not node.source:
        return _new(node, column)
    return node.source if "\n" not in node.source else _indented(node, column)


def _new(scalar: Scalar, column: int) -> str:
    """Write a value that nobody has written yet; text of several lines as a block, where that keeps it."""
    value = scalar.value
    if isinstance(value, str) and "\n" in value and _keeps_as_block(value):
        indent = " " * (column + 2)
        return "|-\n" + "\n".join(indent + line if line else "" for line in value.split("\n"))
    quote = scalar.style if isinstance(value, str) and scalar.style in {"'", '"'} else ""
    return written(value, in_flow=False, quote=quote)


def _keeps_as_block(text: str) -> bool:
    lines = text.split("\n")
    return all(line == line.rstrip() and line.isprintable() for line in lines) and not text[:1].isspace()


def _indented(scalar: Scalar, column: int) -> str:
    """Shift the later lines of a text to two columns right of the block around it."""
    first, *rest = scalar.source.split("\n")
    indent = " " * (column + 2)
    if scalar.style not in {"|", ">"}:
        return "\n".join((first, *(indent + line.strip() if line.strip() else "" for line in rest)))
    digits = "".join(character for character in first if character.isdigit())
    widths = [len(line) - len(line.lstrip(" ")) for line in rest if line.strip(" ")]
    old = scalar.column + int(digits) if digits else (widths or [0])[0]
    body = (indent + line[old:] if line[old:] else "" for line in rest)
    return "\n".join((first.replace(digits, "2") if digits else first, *body))


def fits(collection: Collection, width: int) -> bool:
    """Whether it is written in brackets or braces, on a line whose first `width` columns are taken."""
    if not collection.entries:
        return True
    if not may_fit(collection, width) or _has_comments(collection):
        return False
    return width + 1 + len(_flow(collection)) <= WIDEST_FLOW


def may_fit(collection: Collection, width: int) -> bool:
    """Whether `fits` could be true; cheap however large the collection is."""
    return collection.is_flow and _room_beside(collection, WIDEST_FLOW - width) >= 0


def _room_beside(node: Node, room: int) -> int:
    """Return at most what is left of `room` columns; negative as soon as nothing is."""
    if isinstance(node, Scalar):
        return room - 1
    for entry in node.entries:
        room = _room_beside(entry.value, room - 1)
        if room < 0:
            break
    return room


def _has_comments(node: Node) -> bool:
    if isinstance(node, Scalar):
        return False
    return bool(node.foot) or any(
        entry.head or entry.tail or _has_comments(entry.value) for entry in node.entries
    )


def _flow(node: Node) -> str:
    if isinstance(node, Scalar):
        quote = node.style if isinstance(node.value, str) and node.style in {"'", '"'} else ""
        if node.source and "\n" not in node.source:
            return node.source
        return written(node.value, in_flow=True, quote=quote)
    if not node.is_mapping:
        return f"[{', '.join(_flow(entry.value) for entry in node.entries)}]"
    pairs = (f"{_flow(entry.key)}: {_flow(entry.value)}" for entry in node.entries if entry.key)
    return f"{{{', '.join(pairs)}}}"
