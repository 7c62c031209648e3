"""Make visible what a terminal would obey or hide: control, bidirectional and invisible characters."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode calls printable and no font draws: joiners, fillers, supplementary variation selectors."""
_ASTRAL: Final = 0x10000


def sanitise(text: str) -> str:
    r"""Return the text with each unsafe character as `\uXXXX`, so that it can be seen and does nothing.

    Safe is what Unicode calls printable, and every width of space; unassigned code points are not. The
    escapes are JSON's own (a pair of them beyond U+FFFF): JSON on one line keeps its meaning.
    """
    if text.isprintable() and not _INVISIBLE.search(text):
        return text
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if category(character) == "Zs" or (character.isprintable() and not _INVISIBLE.match(character)):
        return character
    point = ord(character)
    if point < _ASTRAL:
        return f"\\u{point:04x}"
    high, low = divmod(point - _ASTRAL, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
