"""A YAML file as people see it: values together with the comments, blank lines and quotes around them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct


class Comment(Struct, frozen=True):
    """A comment, from its `#` on.

    Attributes:
        column: Counted from 0, where it stood.
        after_blank: Whether a blank line is right above it.
    """

    text: str
    column: int = 0
    after_blank: bool = False


class Scalar(Struct, frozen=True):
    """A key or a single value.

    Attributes:
        source: As written, quotes included; empty for a value that nobody has written yet.
        style: The quote or block indicator; empty for a plain scalar.
        column: Counted from 0, of the block around it: what the lines of a block scalar are indented from.
    """

    value: str | int | bool
    source: str = ""
    style: Literal["", "'", '"', "|", ">"] = ""
    column: int = 0


class Entry(Struct, frozen=True):
    """A key and its value, or an item of a list (which has no key).

    Attributes:
        head: Comments on lines of their own, above it.
        tail: The comment at the end of its line.
        after_blank: Whether a blank line is right above it, below its head.
    """

    value: Node
    key: Scalar | None = None
    head: tuple[Comment, ...] = ()
    tail: Comment | None = None
    after_blank: bool = False


class Collection(Struct, frozen=True):
    """A mapping or a list.

    Attributes:
        is_flow: Whether it is written in braces or brackets.
        indent: Columns by which a block stands to the right of the block around it.
        foot: Comments below the last entry.
    """

    entries: tuple[Entry, ...]
    is_mapping: bool
    is_flow: bool = False
    indent: int = 2
    foot: tuple[Comment, ...] = ()


Node: TypeAlias = Scalar | Collection


class Layout(Struct, frozen=True):
    """A whole file; `head` is what is said about the file and not about its first key."""

    root: Collection
    head: tuple[Comment, ...] = ()
