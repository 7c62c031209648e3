"""Sentences whose parts know how they are to be taken and who wrote them; numbers, lists and agreement."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from reconciler.model.english import number
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


_LONGEST: Final = 100
_BEFORE_A_DIFFERENCE: Final = 30
_QUOTED: Final = re.compile(r"(?:(?<!\S)|(?<=\s\())`([^`\s](?:[^`]*[^`\s])?)`(?=[.,;:)?!]*(?:\s|$))")


class Tone(Enum):
    """How a text is to be taken; a medium has a colour or a weight for each."""

    PLAIN = auto()
    STRONG = auto()
    QUIET = auto()
    ALARM = auto()
    CAUTION = auto()
    GOOD = auto()
    HINT = auto()


class Origin(Enum):
    """Who wrote a text: this program, or somebody whose text or identifier it repeats.

    `CODE` is what stands in a file or is typed, so that it is set off from the sentence around it.
    """

    OURS = auto()
    TEXT = auto()
    KEY = auto()
    CODE = auto()


class Span(NamedTuple):
    """A text in one tone; a medium escapes what is not ours."""

    text: str
    tone: Tone = Tone.PLAIN
    origin: Origin = Origin.OURS


Words: TypeAlias = tuple[Span, ...]


def key(text: str, tone: Tone = Tone.PLAIN) -> Span:
    """Mark an identifier: of a package, a feature, a client, an environment, a file."""
    return Span(sanitise(clipped(text, _LONGEST)), tone, Origin.KEY)


def code(text: str, tone: Tone = Tone.PLAIN) -> Span:
    """Mark what stands in a file, or is to be written there or typed; never cut, since it may be copied."""
    return Span(sanitise(text), tone, Origin.CODE)


def title(text: str, tone: Tone = Tone.PLAIN) -> Span:
    """Mark a text such as a title; what a terminal or a page would obey or hide is made visible."""
    return Span(sanitise(clipped(text, _LONGEST)), tone, Origin.TEXT)


def words(*parts: str | Span | Words, tone: Tone = Tone.PLAIN) -> Words:
    """Join parts to one sentence; plain strings are ours and get the tone."""
    found: list[Span] = []
    for part in parts:
        if isinstance(part, Span):
            found.append(part)
        elif isinstance(part, str):
            found += [Span(part, tone)] if part else []
        else:
            found += part
    return tuple(found)


def prose(text: str) -> Words:
    """Mark a whole sentence of others, such as a guard's message; what stands in backticks is code."""
    parts = _QUOTED.split(sanitise(text.strip()))
    origins = (Origin.TEXT, Origin.CODE)
    return tuple(Span(part, origin=origins[index % 2]) for index, part in enumerate(parts) if part)


def written(sentence: Iterable[Span], escape: Callable[[Span], str]) -> str:
    """Return the sentence in a medium; our own words need no escape in any."""
    return "".join(span.text if span.origin is Origin.OURS else escape(span) for span in sentence)


def plain(sentence: Iterable[Span]) -> str:
    """Return the sentence as plain text on one line."""
    return "".join(span.text for span in sentence)


def author(name: str, on_behalf_of: str | None) -> str:
    """Return who wrote, and for whom they said that it was: `ci, on behalf of ana@laptop`."""
    return f"{name}, on behalf of {on_behalf_of}" if on_behalf_of else name


def several(names: Sequence[str], total: int, shown: int) -> str:
    """Return the first names and how many there are beside them: `acme, globex and 28 more`."""
    return plain(listed([Span(name) for name in names], shown=shown, total=total)) or "none"


def listed(items: Sequence[Span], *, shown: int, total: int | None = None) -> Words:
    """Return the first items and how many there are beside them: `acme, globex and 28 more`."""
    total = len(items) if total is None else total
    parts = list(items[:shown])
    more = total - len(parts)
    if more > 0:
        parts.append(Span(f"{number(more)} more" if parts else number(more)))
    found: list[Span] = []
    for place, item in enumerate(parts):
        gap = "" if place == 0 else " and " if place == len(parts) - 1 else ", "
        found += words(gap, item)
    return tuple(found)


def joined(parts: Iterable[str]) -> str:
    """Return the parts that say something, separated by a dot in the middle."""
    return " · ".join(part for part in parts if part)


def chained(parts: Iterable[Words], gap: str) -> Words:
    """Return the parts that say something, with a gap between each two."""
    found: Words = ()
    for part in parts:
        found = words(found, Span(gap, Tone.QUIET) if found and part else "", part)
    return found


def clipped(text: str, longest: int = _LONGEST) -> str:
    """Return the text, or its beginning and an ellipsis where it is longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def around(before: str, after: str) -> tuple[str, str]:
    """Return both texts, of long ones the window around the first difference, so that it can be seen."""
    if max(len(before), len(after)) <= _LONGEST:
        return before, after
    same = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)
    start = max(0, (min(len(before), len(after)) if same is None else same) - _BEFORE_A_DIFFERENCE)
    return _window(before, start), _window(after, start)


def _window(text: str, start: int) -> str:
    """Return the text from there on, beginning with a whole word where one begins nearby."""
    if start == 0:
        return clipped(text)
    nearby = text.find(" ", start, start + _BEFORE_A_DIFFERENCE // 2)
    return clipped("…" + text[nearby + 1 if nearby >= 0 else start :])
