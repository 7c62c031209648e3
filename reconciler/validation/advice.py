"""What somebody probably meant who wrote a value of the wrong type."""

from __future__ import annotations

import re
from typing import Any, Final

_TRUTH: Final = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_DIGITS: Final = re.compile(r"[0-9][0-9,_ '.]*\Z")
_NO_CAP: Final = frozenset(("infinite", "infinity", "none", "no limit", "any", "all", "max", "∞"))


def reads_as_number(value: Any) -> bool:
    """Whether it is text that holds a number."""
    return isinstance(value, str) and _DIGITS.match(value) is not None


def advice(value: Any, expectation: str) -> str:
    """Return what to write instead, or an empty string."""
    if isinstance(value, str):
        return _advice_on_text(value, expectation)
    wants_text = "text" in expectation or "key" in expectation or "such as" in expectation
    if isinstance(value, (bool, int)) and wants_text:
        return "quote it if it is meant as text"
    return ""


def _advice_on_text(text: str, expectation: str) -> str:
    word = text.strip().lower()
    if "`true`" in expectation and word in _TRUTH:
        return f"write {_TRUTH[word]}: only `true` and `false` are truth values in YAML 1.2"
    if "whole number" in expectation and reads_as_number(text):
        return f"write {re.sub('[^0-9]', '', text)}, without quotes or separators"
    if "`unlimited`" in expectation and word in _NO_CAP:
        return "write unlimited"
    if "`any`" in expectation and "@" not in text:
        return "write any"
    if "a list" in expectation:
        return f"write [{text[:60]}]"
    return ""
