import json
import sys
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.sanitise import disarm, sanitise
from tests.runners import COMMANDS, obeyed

FRAGMENTS = st.sampled_from(
    [*COMMANDS, *"#:[]a \r\n\t\v\u00a0\u3000\\", "##", "::", "\x1b[1m", "vso", "teamcity", "error"]
)
texts = st.lists(FRAGMENTS, max_size=12).map("".join)


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


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("::error::x", "\\u003a:error::x"),
        (" \u00a0::error::x", " \u00a0\\u003a:error::x"),
        ("\x1b[1m  ::error::x", "\x1b[1m  \\u003a:error::x"),
        ("a\n::error::x\n", "a\n\\u003a:error::x\n"),
        ("a ##[group]x", "a \\u0023#[group]x"),
        ("a ##vso[x]", "a \\u0023#vso[x]"),
        ("a ::error::x, # [x] and ## [x]", "a ::error::x, # [x] and ## [x]"),
    ],
)
def test_what_a_build_server_obeys_is_seen(line: str, seen: str) -> None:
    assert disarm(line) == seen


@given(texts)
def test_no_disarmed_line_is_obeyed_and_disarming_again_changes_nothing(text: str) -> None:
    disarmed = disarm(sanitise(text)) + "\n" + disarm(text.replace("\x1b[0K", ""))

    assert obeyed(disarmed) == []
    assert disarm(disarmed) == disarmed


@given(texts, st.sampled_from([None, 2]))
def test_disarmed_json_keeps_its_meaning(text: str, indent: int | None) -> None:
    document = {text: [text, {"a": f"\\{text}"}]}

    assert json.loads(disarm(json.dumps(document, ensure_ascii=False, indent=indent))) == document


def test_long_runs_of_what_might_begin_a_command_stay_as_they_are() -> None:
    text = "\n" * 200_000 + " " * 200_000 + "#" * 200_000 + "a" * 200_000

    assert disarm(text) == text
