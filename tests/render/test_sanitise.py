import json
import sys
from unicodedata import category

import pytest

from reconciler.render.sanitise import sanitise


def test_plain_text_stays_as_it_is() -> None:
    text = "Größe, 日本語 “Pro” 👍🏽 12\u202f000\u00a0€"

    assert sanitise(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred", "\\u001b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\nb\tc", "a\\u000ab\\u0009c"),
        ("\x9b2J", "\\u009b2J"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\udb40\\udc41"),
    ],
)
def test_what_a_terminal_obeys_or_hides_is_seen(text: str, seen: str) -> None:
    assert sanitise(text) == seen


def test_no_control_separator_or_surrogate_of_unicode_gets_through() -> None:
    unsafe = [chr(n) for n in range(sys.maxunicode + 1) if category(chr(n)) in {"Cc", "Cs", "Zl", "Zp"}]

    assert [c for c in unsafe if sanitise(c) == c] == []


def test_no_character_that_turns_or_hides_text_gets_through() -> None:
    turning = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    unsafe = turning + "\u200b\u200c\u200d\u2060\ufeff\u3164\u034f\U000e0100"

    assert [c for c in unsafe if sanitise(c) == c] == []


def test_json_on_one_line_keeps_its_meaning() -> None:
    document = {"title": "a\u202eb\x7f\U000e0041"}

    assert json.loads(sanitise(json.dumps(document, ensure_ascii=False))) == document
