"""Sentences about YAML for people who do not know its grammar, and what they probably meant."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from msgspec import Struct
from yaml import MarkedYAMLError
from yaml.events import AliasEvent

from reconciler.model.findings import Position
from reconciler.sources.yaml.bounds import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from yaml import YAMLError

_SECOND_KEY: Final = re.compile(r",\s*[\w-]+\s*\Z")
_FIRST_COLON: Final = re.compile(r"(\s*(?:- )?[^:#]+): +(?=\S)")
_TIGHT_COLON: Final = re.compile(r"\s*([\w-]+):(\S.*)")
_LONGEST_SHOWN: Final = 60


Path: TypeAlias = tuple[str | int, ...]
_CONFLICT: Final = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)
_INDENTED_KEY: Final = re.compile(r" +[\w-]+:(?: |\Z)")
_TAB: Final = re.compile(r" *\t")
_OPENED: Final = ("quoted scalar", "flow sequence", "flow mapping", "simple key")
"""Where one of these is not closed, its start is what must be looked at."""
_LIBYAML_TOO_DEEP: Final = "exceeded maximum nesting depth"
"""libyaml looks ahead for a key past open brackets, and has a bound of its own since 0.2.6."""
TOO_DEEP: Final = f"more than {DEEPEST} levels inside one another"
COMPLEX_KEY: Final = "a key must be text, not a list or a mapping"
_FIXES: Final[dict[str, str]] = {
    "ambiguous-number": "write a whole number in plain decimal, such as 5000; quote it if it is text",
    "empty-file": "write the file's keys, or delete it",
    "file-too-large": "split it, or take out what does not belong",
    "forbidden-character": "delete the character",
    "merge-conflict-marker": "resolve the conflict and delete the markers",
    "null-value": "write a value, or leave the key out",
    "too-many-faults": "repair these first",
    "yaml-anchor": "write the value out where it is used; quote a value to make it text",
    "yaml-directive": "delete the line",
    "yaml-duplicate-key": "keep one of them",
    "yaml-encoding": "save the file as UTF-8",
    "yaml-key-not-text": "quote the key if it is meant as text",
    "yaml-merge-key": "write the keys out",
    "yaml-several-documents": "put it into a file of its own, and delete the `---`",
    "yaml-text-cut": "quote the whole text; put a space behind the `#` of a comment",
    "yaml-tag": "delete the tag; quote a value to make it text",
    "yaml-too-deep": "flatten it; no format here needs more than five levels",
    "yaml-too-long": "shorten it",
    "yaml-too-many-values": "split the file",
}
_SYNTAX: Final[tuple[tuple[str, str, str], ...]] = (
    ("mapping values are not allowed", "a colon is not expected here", "quote a text that holds `: `"),
    ("hexdecimal number", "a backslash in double quotes begins an escape", "use single quotes"),
    ("escape character", "a backslash in double quotes begins an escape", "use single quotes"),
    ("found unexpected document indicator", "a quoted text is not closed", "close the quote"),
    ("did not find expected ',' or ']'", "a list in brackets is not closed", "add the missing `,` or `]`"),
    ("did not find expected ',' or '}'", "a mapping in braces is not closed", "add the missing `,` or `}`"),
    ("did not find expected key", "a key is expected here", "check the indentation and the quotes"),
    (
        "could not find expected ':'",
        "a key without a colon",
        "write `key: value`; indent the line if it continues the text above",
    ),
    ("did not find expected node content", "a value is expected here", "write it, or delete the comma"),
    (
        "expected comment or line break",
        "a text begins on the line below `|` or `>`",
        "quote the text",
    ),
    ("did not find expected '-' indicator", "a list item is expected here", "check the indentation"),
    ("block sequence entries are not allowed", "a list item is not expected here", "check the indentation"),
)


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
    if "did not find expected alphabetic" in problem:
        mark = line[position.column - 2 : position.column - 1]
        return Guess(position, f"a text cannot begin with `{mark}`", "put quotes around the text")
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
    return _about_the_line_above(position, line, above[-1], lines[above[-1] - 1])


def _about_the_line_above(position: Position, line: str, number: int, last: str) -> Guess | None:
    if "\uff1a" in last and ":" not in last:
        place = Position(number, last.index("\uff1a") + 1)
        return Guess(place, "this is the wide colon of another script", "write `: `, a colon and a space")
    if tight := _TIGHT_COLON.match(last):
        place = Position(number, tight.start(2) + 1)
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
    if _INDENTED_KEY.match(line):
        place = Position(position.line, _indent(line) + 1)
        return Guess(place, "the key is not indented like those beside it", "indent it like them")
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


class Fault(Struct, frozen=True):
    """One thing that is wrong with a file's YAML; `path` leads to the value concerned."""

    rule: str
    path: Path
    position: Position
    message: str
    fix: str


def fault(rule: str, path: Path, position: Position, message: str) -> Fault:
    """Return the fault with the fix that belongs to its rule."""
    return Fault(rule, path, position, message, _FIXES[rule])


def syntax(error: YAMLError, text: str) -> Fault:
    """Explain what libyaml could not parse, where it went wrong rather than where it was noticed."""
    if match := _CONFLICT.search(text):
        line = text.count("\n", 0, match.start()) + 1
        message = "git left the markers of a merge conflict"
        return fault("merge-conflict-marker", (), Position(line, 1), message)
    position = _place(error)
    if any(map(_TAB.match, text.split("\n")[position.line - 1 : position.line])):
        return Fault("yaml-syntax", (), position, "a tab is used for indentation", "indent with spaces")
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", error))
    if _LIBYAML_TOO_DEEP in problem:
        return fault("yaml-too-deep", (), position, TOO_DEEP)
    if meant := guess(problem, text.split("\n"), position):
        return Fault("yaml-syntax", (), meant.position, meant.message, meant.fix)
    for part, message, fix in _SYNTAX:
        if part in problem:
            return Fault("yaml-syntax", (), position, message, fix)
    return Fault("yaml-syntax", (), position, f"not YAML: {problem}", "check the quotes and the indentation")


def _place(error: YAMLError) -> Position:
    if not isinstance(error, MarkedYAMLError):
        return Position()
    is_open = error.context is not None and error.context.endswith(_OPENED)
    mark = error.context_mark if is_open else error.problem_mark
    return Position(mark.line + 1, mark.column + 1) if mark is not None else Position()


def anchor_message(event: Any) -> str:
    """Say whether it is an anchor or an alias."""
    mark = "*" if event.__class__ is AliasEvent else "&"
    kind = "alias" if mark == "*" else "anchor"
    return f"the {kind} `{mark}{event.anchor[:60]}` is not accepted"


def cut_message(comment: str) -> str:
    """Say what is not read."""
    return f"`{comment.rstrip()[:60]}` is a comment, and no part of the value"


def forbidden_message(character: str) -> str:
    """Name a character that cannot be seen."""
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "")
    return f"the invisible character {code} ({name.lower()})" if name else f"{code} is a control character"


def not_plain_message(rule: str, text: str, path: Path) -> str:
    """Say why an unquoted value is neither text nor a whole number."""
    if rule != "null-value":
        return f"`{text[:60]}` could be read as different numbers, or as text"
    if text:
        return f"`{text}` is no value"
    is_tight = any(isinstance(key, str) and _TIGHT_COLON.match(key) for key in path[-1:])
    return "the key has no value" + ("; its colon needs a space behind it" if is_tight else "")
