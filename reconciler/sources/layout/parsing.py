"""From text to a layout, along libyaml's marks: whatever stands between two tokens is comment or space."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from msgspec.structs import replace
from yaml._yaml import CParser
from yaml.events import MappingStartEvent, ScalarEvent, SequenceStartEvent

from reconciler.sources.layout.tree import Collection, Comment, Entry, Layout, Scalar
from reconciler.sources.yaml.scalars import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sources.layout.tree import Node

_TO_END_OF_LINE: Final = re.compile(r"[ \t]*[,:]?[ \t]*(#[^\n]*)")
_TRAILING_LINES: Final = re.compile(r"(?:\n *)+\Z")
_STARTS: Final = (MappingStartEvent, SequenceStartEvent)


def parse(text: str) -> Layout:
    """Return the layout of a text that `sources.yaml.load` accepts, in Unicode's composed form."""
    text = normalize("NFC", text)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return _Parser(text).layout()


class _Parser:
    """Recursive descent over the events; the safe subset bounds the depth."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._event: Callable[[], Any] = CParser(text).get_event
        self._at = 0
        self._waiting: list[Comment] = []
        self._blank = False

    def layout(self) -> Layout:
        self._event()
        self._event()
        start = self._event()
        self._gather(start.start_mark.index)
        head = self._file_head()
        root = self._collection(start, -1)
        self._gather(len(self._text))
        return Layout(replace(root, foot=(*root.foot, *self._taken())), head)

    def _file_head(self) -> tuple[Comment, ...]:
        """Take what stands above the last blank line; all of it where there is none or it comes last."""
        blanks = [number for number, comment in enumerate(self._waiting) if number and comment.after_blank]
        cut = len(self._waiting) if self._blank or not blanks else blanks[-1]
        head, self._waiting = tuple(self._waiting[:cut]), self._waiting[cut:]
        return head

    def _collection(self, start: Any, around: int) -> Collection:
        is_mapping, is_flow = start.__class__ is MappingStartEvent, bool(start.flow_style)
        column = start.start_mark.column
        if is_flow:
            self._at = start.end_mark.index
            column = around
        entries = []
        while (event := self._event()).__class__ in _STARTS or event.__class__ is ScalarEvent:
            entries.append(self._pair(event, column) if is_mapping else self._item(event, column))
        self._gather(event.start_mark.index)
        self._at = event.end_mark.index
        foot = self._foot(around, is_flow=is_flow)
        return Collection(tuple(entries), is_mapping, is_flow, 2 if is_flow else column - around, foot)

    def _foot(self, around: int, *, is_flow: bool) -> tuple[Comment, ...]:
        """Take the comments that are indented like what came before; the rest waits for what comes next."""
        count = 0
        while count < len(self._waiting) and (is_flow or self._waiting[count].column > around):
            count += 1
        foot, self._waiting = tuple(self._waiting[:count]), self._waiting[count:]
        return foot

    def _pair(self, event: Any, column: int) -> Entry:
        self._gather(event.start_mark.index)
        blank, head = self._blank, self._taken()
        key = self._scalar(event, column)
        beside_key = self._to_end_of_line()
        value = self._event()
        self._gather(value.start_mark.index)
        if value.__class__ is not ScalarEvent and not value.flow_style:
            return Entry(self._collection(value, column), key, head, beside_key, blank)
        head = (*head, *self._taken())
        node, above, tail = self._single(value, column)
        if beside_key and tail:
            above, beside_key = (beside_key, *above), None
        return Entry(node, key, (*head, *above), tail or beside_key, blank)

    def _item(self, event: Any, column: int) -> Entry:
        self._gather(event.start_mark.index)
        blank, head = self._blank, self._taken()
        if event.__class__ is not ScalarEvent and not event.flow_style:
            return Entry(self._collection(event, column), None, head, None, blank)
        node, above, tail = self._single(event, column)
        return Entry(node, None, (*head, *above), tail, blank)

    def _single(self, event: Any, column: int) -> tuple[Node, tuple[Comment, ...], Comment | None]:
        """Read what can end in a comment, which comes last; before it, those that have no place inside."""
        if event.__class__ is not ScalarEvent:
            flow = self._collection(event, column)
            tail = self._to_end_of_line()
            return (flow, (), tail) if flow.entries else (replace(flow, foot=()), flow.foot, tail)
        scalar = self._scalar(event, column)
        if scalar.style not in {"|", ">"}:
            return scalar, (), self._to_end_of_line()
        header, line_break, body = scalar.source.partition("\n")
        indicator, hash_sign, text = header.partition("#")
        comment = Comment(f"#{text.rstrip()}", len(indicator)) if hash_sign else None
        return replace(scalar, source=f"{indicator.rstrip()}{line_break}{body}"), (), comment

    def _scalar(self, event: Any, column: int) -> Scalar:
        start = event.start_mark.index
        source = self._text[start : event.end_mark.index]
        if event.style in {"|", ">"}:
            is_kept = "+" in source.partition("\n")[0].partition("#")[0]
            source = source.removesuffix("\n") if is_kept else _TRAILING_LINES.sub("", source)
        self._at = start + len(source)
        value = event.value if event.style else plain(event.value)
        return Scalar(value, source, event.style or "", column)

    def _to_end_of_line(self) -> Comment | None:
        match = _TO_END_OF_LINE.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        column = match.start(1) - self._text.rfind("\n", 0, match.start(1)) - 1
        return Comment(match[1].rstrip(), column)

    def _gather(self, end: int) -> None:
        """Let the comments up to `end` wait for whom they belong to."""
        if end <= self._at:
            return
        first, *lines = self._text[self._at : end].split("\n")
        if "#" in first:
            self._wait(first, 0)
        for number, line in enumerate(lines, start=1):
            if "#" in line:
                self._wait(line, line.index("#"))
            elif number < len(lines) and not line.strip():
                self._blank = True
        self._at = end

    def _wait(self, line: str, column: int) -> None:
        text = line[line.index("#") :].rstrip()
        self._waiting.append(Comment(text, column, self._blank))
        self._blank = False

    def _taken(self) -> tuple[Comment, ...]:
        taken, self._waiting, self._blank = tuple(self._waiting), [], False
        return taken
