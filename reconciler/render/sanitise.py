"""Make visible what would be obeyed or hidden.

A terminal obeys control characters and hides others; a build server obeys some lines of what a job prints.
Patterns are compiled where a text needs them: `--help`, for one, does not.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

_INVISIBLE: Final = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\uffa0\U000e0100-\U000e01ef]"
"""What Unicode calls printable and no font draws: joiners, fillers, supplementary variation selectors."""
_ASTRAL: Final = 0x10000
_COMMAND: Final = r"(?:\A|(?<=[\r\n]))((?:[^\S\r\n]|\x1b\[[\d;]*m)*):(?=:)|#(?=#\w*\[)"
"""GitHub obeys `::name` where a line begins, after any white space, and `##[name]` anywhere in a line (its
runner's `ActionCommand`); Azure and TeamCity obey `##vso[` and `##teamcity[`. GitLab's commands need a
carriage return and an escape sequence, which `sanitise` does not let through."""


def sanitise(text: str) -> str:
    r"""Return the text with each unsafe character as `\uXXXX`, so that it can be seen and does nothing.

    Safe is what Unicode calls printable, and every width of space; unassigned code points are not. The
    escapes are JSON's own (a pair of them beyond U+FFFF): JSON on one line keeps its meaning.
    """
    if text.isprintable() and (text.isascii() or not re.search(_INVISIBLE, text)):
        return text
    return "".join(map(_seen, text))


def disarm(text: str) -> str:
    r"""Return whole lines so that no build server obeys one: `\u003a:error::`, `\u0023#[error]`.

    Like those of `sanitise`, the escapes are JSON's own, and stand where JSON has only strings.
    """
    if "::" not in text and ("#" not in text or "##" not in text):  # one character is found much sooner
        return text
    return re.sub(_COMMAND, _disarmed, text)


def _disarmed(found: re.Match[str]) -> str:
    return "\\u0023" if found[0] == "#" else f"{found[1]}\\u003a"


def _seen(character: str) -> str:
    if category(character) == "Zs" or (character.isprintable() and not re.match(_INVISIBLE, character)):
        return character
    return escaped(character)


def escaped(character: str) -> str:
    """Return a character as JSON escapes it: by one code unit of UTF-16, or by two."""
    point = ord(character)
    if point < _ASTRAL:
        return f"\\u{point:04x}"
    high, low = divmod(point - _ASTRAL, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
