"""What somebody meant who wrote what libyaml cannot parse: the mistakes that newcomers make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.model.findings import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECOND_KEY: Final = re.compile(r",\s*[\w-]+\s*\Z")
_FIRST_COLON: Final = re.compile(r"(\s*(?:- )?[^:#]+): +(?=\S)")
_TIGHT_COLON: Final = re.compile(r"\s*([\w-]+):(\S.*)")
_LONGEST_SHOWN: Final = 60


class Guess(NamedTuple):
    """What is wrong where, and what to write."""

    position: Position
    message: str
    fix: str


def guess(problem: str, lines: Sequence[str], position: Position) -> Guess | None:
    """Return the likely mistake; None where nothing typical is seen."""
    line = lines[position.line - 1] if position.line <= len(lines) else ""
    before, at = line[: position.column - 1], line[position.column - 1 : position.column]
    if "mapping values are not allowed" in problem:
        return _about_a_colon(lines, position, line, before)
    if "did not find expected key" in problem or "'-' indicator" in problem:
        return _about_a_key(position, line, before, at)
    if "cannot start any token" in problem and at:
        return Guess(position, f"a text cannot begin with `{at}`", "put quotes around the text")
    if "unexpected end of stream" in problem:
        return Guess(position, "the text in quotes that begins here never ends", "add the closing quote")
    return None


def _about_a_colon(lines: Sequence[str], position: Position, line: str, before: str) -> Guess | None:
    if first := _FIRST_COLON.match(before):
        if _SECOND_KEY.search(before):
            return Guess(position, "two keys on one line", "put each key on a line of its own")
        text = line[first.end() :].rstrip()
        quoted = f'{first[1].strip()}: "{text}"' if '"' not in text and len(text) <= _LONGEST_SHOWN else ""
        fix = f"write {quoted}" if quoted else "put quotes around the text"
        return Guess(position, "a text without quotes cannot hold a colon and a space", fix)
    above = [number for number, each in enumerate(lines[: position.line - 1], start=1) if each.strip()]
    if not above:
        return None
    last = lines[above[-1] - 1]
    if tight := _TIGHT_COLON.match(last):
        place = Position(above[-1], tight.start(2) + 1)
        return Guess(
            place, "there is no space after the colon", f"write `{tight[1]}: {tight[2][:_LONGEST_SHOWN]}`"
        )
    if _indent(line) > _indent(last):
        place = Position(position.line, _indent(line) + 1)
        message = "the line is indented further than the one above, so that it continues its text"
        return Guess(place, message, "indent it like the line above")
    return None


def _about_a_key(position: Position, line: str, before: str, at: str) -> Guess | None:
    if line.lstrip().startswith("- "):
        message = "the item is not indented like the other items of its list"
        return Guess(position, message, "indent all items of a list alike")
    if at == ",":
        return Guess(position, "a comma is not expected here", "delete it: each key has a line of its own")
    if before.rstrip().endswith("'"):
        fix = "write the quote inside it twice, or put double quotes around the text"
        return Guess(position, "the text in quotes ends before this place", fix)
    if before.rstrip().endswith('"'):
        return Guess(
            position, "the text in quotes ends before this place", "put single quotes around the text"
        )
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
