"""Make visible what a terminal would obey or hide: control, bidirectional and invisible characters."""

from __future__ import annotations

import re
from typing import Final

_UNSAFE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls, escape sequences included
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # invisible in most fonts
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidirectional overrides
    "\u3164\ufeff\uffa0\ufff0-\ufffb"  # fillers, byte order mark, interlinear annotation
    "\ud800-\udfff"  # halves of surrogate pairs, which no encoding takes
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # invisible; tags
    "]"
)
_ASTRAL: Final = 0x10000


def sanitise(text: str) -> str:
    r"""Return the text with each unsafe character as `\uXXXX`, so that it can be seen and does nothing.

    These are JSON's own escapes (a pair of them beyond U+FFFF): JSON on one line keeps its meaning.
    """
    return _UNSAFE.sub(_escape, text) if not _is_plain(text) else text


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _escape(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < _ASTRAL:
        return f"\\u{point:04x}"
    high, low = divmod(point - _ASTRAL, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
