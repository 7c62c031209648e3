"""Sentences that know which of their parts came from outside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.render.sanitise import sanitise
from reconciler.render.text.phrases import clipped, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import JsonValue

_LONGEST: Final = 100
_QUOTED: Final = re.compile(r"(?:(?<!\S)|(?<=\s\())`([^`\s](?:[^`]*[^`\s])?)`(?=[.,;:)?!]*(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Foreign:
    """A text that somebody else wrote; `is_key` where it is an identifier."""

    text: str
    is_key: bool = False


Words: TypeAlias = "Sequence[str | Foreign]"


def key(text: str) -> Foreign:
    """Mark an identifier: of a package, a feature, a client, an environment, a file."""
    return Foreign(sanitise(clipped(text, _LONGEST)), is_key=True)


def quoted(text: str) -> Foreign:
    """Mark a text such as a title; what a terminal or a page would obey or hide is made visible."""
    return Foreign(sanitise(clipped(text, _LONGEST)))


def sentence(text: str) -> Words:
    """Mark a whole sentence, such as a guard's message; what stands in backticks is an identifier."""
    parts = _QUOTED.split(sanitise(text))
    return [Foreign(part, is_key=index % 2 == 1) for index, part in enumerate(parts) if part]


def written(words: Words, escape: Callable[[Foreign], str]) -> str:
    """Return the sentence in a medium; our own words need no escape in any."""
    return "".join(escape(word) if isinstance(word, Foreign) else word for word in words)


def plain(words: Words) -> str:
    """Return the sentence as plain text on one line."""
    return written(words, lambda foreign: foreign.text)


def enumerated(items: Sequence[str | Foreign], *, shown: int, total: int | None = None) -> Words:
    """Return the first items, separated by commas, and how many there are beside them."""
    words: list[str | Foreign] = []
    for item in items[:shown]:
        words += [", ", item] if words else [item]
    more = (len(items) if total is None else total) - min(len(items), shown)
    if more > 0:
        words.append(f" and {number(more)} more")
    return words


def amount(value: JsonValue) -> str | Foreign:
    """Return one side of a difference: numbers grouped, what is absent as `none`."""
    match value:
        case None:
            return "none"
        case bool():
            return "on" if value else "off"
        case int():
            return number(value)
        case str():
            return quoted(value)
        case _:
            return quoted(str(value))
