"""What a plain (unquoted) scalar is: YAML 1.2's core schema, without what people misread."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WHOLE_NUMBER: Final = re.compile(r"(?:0|-?[1-9][0-9]{0,17})\Z")
_LOOKS_LIKE_A_NUMBER: Final = re.compile(
    r"""[-+]?(?: [0-9][0-9_]*                           # 010, +5, 1_000, and more digits than are kept exact
             | 0[xXoObB][0-9a-fA-F_]+
             | [0-9][0-9_]*[eE][-+]?[0-9]+
             | [0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
             | \.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?
             | \.(?:inf|Inf|INF)
             )\Z | \.(?:nan|NaN|NAN)\Z""",
    re.VERBOSE,
)
_NUMBERS_START: Final = frozenset("0123456789+-.")
_WORDS: Final[dict[str, bool]] = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(
    ("false", "False", "FALSE"), False
)
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))

FORBIDDEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control, bidirectional and invisible characters: what a reviewer sees must be what is there."""
TIGHT_COMMENT: Final = re.compile(r"[ \t]+(#[^\s#].*)")
"""What a writer may take for the end of a text, as in `Pro #1`, and YAML for a comment; to be matched where a
value ends."""
MAYBE_CUT: Final = re.compile(rb"[ \t]#[^\s#]")
"""What every file with such a comment has. It is searched for in time that grows with the file alone."""


class NotPlainError(ValueError):
    """A plain scalar that is refused.

    Attributes:
        rule: `null-value` or `ambiguous-number`.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@lru_cache(maxsize=2048)
def plain(text: str) -> str | int | bool:
    """Return the value; raises `NotPlainError`. Equal texts share one, so that many files cost little."""
    if text[:1] in _NUMBERS_START:
        if _WHOLE_NUMBER.match(text):
            return int(text)
        if _LOOKS_LIKE_A_NUMBER.match(text):
            raise NotPlainError("ambiguous-number")
    if text in _NULLS:
        raise NotPlainError("null-value")
    return _WORDS.get(text, text)
