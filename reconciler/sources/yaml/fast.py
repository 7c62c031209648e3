"""The fast yes: plain values from a file that has nothing to say about it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.sources.yaml.bounds import DEEPEST, LARGEST_FILE, LONGEST_TEXT, MOST_EVENTS
from reconciler.sources.yaml.scalars import FORBIDDEN, MAYBE_CUT, NotPlainError, plain

if TYPE_CHECKING:
    from collections.abc import Callable


class DoubtfulError(ValueError):
    """The file is not plainly acceptable; `inspect` knows why, or that it is fine after all."""


def load(content: bytes) -> dict[str, Any]:
    """Return the mapping that a file holds; raises `DoubtfulError` where anything at all is unusual."""
    if len(content) > LARGEST_FILE or b"<<" in content or MAYBE_CUT.search(content):
        raise DoubtfulError
    try:
        text = content.decode()
        is_plain = text.isascii() and text.replace("\n", "").isprintable()
        if not is_plain and FORBIDDEN.search(text):
            raise DoubtfulError
        return _document(CParser(content).get_event, is_checked=_may_hold_more_than_values(content))
    except (UnicodeDecodeError, YAMLError, NotPlainError) as error:
        raise DoubtfulError from error


def _may_hold_more_than_values(content: bytes) -> bool:
    """Whether values must be looked at for anchors, tags and length; most files cannot hold any."""
    return b"&" in content or b"!" in content or len(content) > LONGEST_TEXT


def _document(get_event: Callable[[], Any], *, is_checked: bool) -> dict[str, Any]:
    get_event()
    start = get_event()
    if start.__class__ is not DocumentStartEvent or start.version or start.tags:
        raise DoubtfulError
    _open(get_event(), MappingStartEvent)
    document = _mapping(get_event, is_checked=is_checked)
    if get_event().__class__ is not DocumentEndEvent or get_event().__class__ is not StreamEndEvent:
        raise DoubtfulError
    return document


def _open(event: Any, *kinds: type[Any]) -> None:
    if event.__class__ not in kinds or event.anchor is not None or event.tag is not None:
        raise DoubtfulError


def _mapping(  # noqa: C901, PLR0912  # the hot loop: a call per value would cost a fifth of the time
    get_event: Callable[[], Any], *, is_checked: bool
) -> dict[str, Any]:
    """Build the mapping whose start was read, without recursion."""
    container: Any = {}
    key: str | None = None  # of the value that comes next; in lists, `_ITEM`
    around: list[tuple[Any, str | None]] = []
    value: Any
    for event in islice(iter(get_event, None), MOST_EVENTS):
        kind = event.__class__
        if kind is ScalarEvent:
            value = event.value
            if is_checked and not _is_mere_value(event):
                raise DoubtfulError
            if not event.style:
                value = plain(value)
            elif event.style == '"' and FORBIDDEN.search(value):
                raise DoubtfulError
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            if not around:
                break
            value = container
            container, key = around.pop()
        else:
            _open(event, MappingStartEvent, SequenceStartEvent)
            if len(around) >= DEEPEST - 1 or key is None:
                raise DoubtfulError
            around.append((container, key))
            container, key = ({}, None) if kind is MappingStartEvent else ([], _ITEM)
            continue
        if key is None:
            if value.__class__ is not str or value in container:
                raise DoubtfulError
            key = value
        elif key is _ITEM:
            container.append(value)
        else:
            container[key] = value
            key = None
    else:
        raise DoubtfulError
    document: dict[str, Any] = container
    return document


_ITEM: Final = str(object())


def _is_mere_value(event: Any) -> bool:
    return event.anchor is None and event.tag is None and len(event.value) <= LONGEST_TEXT
