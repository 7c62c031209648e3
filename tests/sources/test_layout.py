from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sources.layout.emission import emit
from reconciler.sources.layout.formatting import canonical, formatted
from reconciler.sources.layout.parsing import parse
from reconciler.sources.schemas import schema_of
from reconciler.sources.yaml.fast import DoubtfulError, load

PACKAGE = schema_of("package")
SAMPLE = """\
# yaml-language-server: $schema=../schemas/package.schema.json
# About growth: ü 🎉

limits: { live: 1,
  calls: unlimited }
title: "Pro"
description: |
    hello
      world

features:
    - 'chat'
    - audio

    - video
acknowledge:
- reason: "why: not"
  removes: 'chat'
  until: 2026-01-02
  clients: 12
-   removes: audio
    clients: 3
    reason: 'it''s so'
    until: 2026-01-02
expiry:    '14 days'
user_count: 5
allowed_emails: [ "a@b.example", 'd@e.example' ]
rollout:
  {exclude: [acme, globex], existing_clients: reassign}
zlist: [ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "no", cccccccccccccccccccc ]
folded: one
   two
quoted: "one

   two"
kept: |+
  text

block: >-
  folded
  text
nested:
- - 1
  - - 2
empty: []
none: {}
"""


def canon(text: str) -> str:
    return formatted(text.encode(), PACKAGE)


def test_keys_come_in_the_order_of_the_schema_and_values_without_needless_quotes() -> None:
    text = "user_count: 3\nlimits: {live_sessions: 5}\ntitle: 'Pro'\nfeatures: ['chat',  \"no\"]\n"

    assert canon(text) == 'title: Pro\nfeatures: [chat, "no"]\nlimits: {live_sessions: 5}\nuser_count: 3\n'


def test_a_comment_above_a_key_moves_with_the_key() -> None:
    text = (
        "title: Pro\n\n# seats are sold singly\nuser_count: 3  # at least\n# what it has\nfeatures: [chat]\n"
    )

    assert canon(text) == (
        "title: Pro\n# what it has\nfeatures: [chat]\n\n# seats are sold singly\nuser_count: 3  # at least\n"
    )


def test_what_is_said_about_the_file_stays_at_its_top() -> None:
    text = "# Sold until spring.\n\nuser_count: 3\ntitle: Pro\n"

    assert canon(text) == "# Sold until spring.\n\ntitle: Pro\nuser_count: 3\n"


def test_comments_at_the_ends_of_neighbouring_lines_stand_below_one_another() -> None:
    text = "title: Pro # shown\nuser_count: 30 # seats\nai_credits: 5\n"

    assert canon(text) == "title: Pro      # shown\nuser_count: 30  # seats\nai_credits: 5\n"


def test_brackets_with_comments_in_them_become_lines_of_their_own() -> None:
    text = "features: [chat, # old\n  audio]\n"

    assert canon(text) == "features:\n  - chat  # old\n  - audio\n"


def test_a_comment_inside_empty_brackets_is_kept_above_them() -> None:
    text = "features: [ # none yet\n  ]\n"

    assert canon(text) == "# none yet\nfeatures: []\n"


def test_brackets_that_do_not_fit_on_a_line_become_lines_of_their_own() -> None:
    items = [f"feature_number_{number}" for number in range(8)]
    text = f"features: [{', '.join(items)}]\n"

    assert canon(text) == "features:\n" + "".join(f"  - {item}\n" for item in items)


@pytest.mark.parametrize("text", ["no", "2026-01-02", "010", "a: b", "#1", "1e3", "~", "- x", "12:30:45"])
def test_quotes_stay_where_some_reader_would_take_the_text_for_something_else(text: str) -> None:
    assert canon(f"title: '{text}'\n") == f'title: "{text}"\n'


@pytest.mark.parametrize("text", ["Pro", "2 weeks", 'say "x"', "it's", "a:b", "C#", "Über uns", "x@y.z"])
def test_quotes_go_where_every_reader_takes_the_text_for_text(text: str) -> None:
    quoted = text.replace("'", "''")

    assert canon(f"title: '{quoted}'\n") == f"title: {text}\n"


def test_a_modeline_is_put_at_the_top_where_there_is_none() -> None:
    line = "# yaml-language-server: $schema=../schemas/package.schema.json"

    once = formatted(b"# Ours.\ntitle: Pro\n", PACKAGE, modeline=line)
    twice = formatted(once.encode(), PACKAGE, modeline=line)

    assert once == f"{line}\n# Ours.\ntitle: Pro\n"
    assert twice == once


def test_a_modeline_that_leads_elsewhere_is_left() -> None:
    text = "# yaml-language-server: $schema=mine.json\ntitle: Pro\n"

    assert formatted(text.encode(), PACKAGE, modeline="# yaml-language-server: $schema=x.json") == text


@pytest.mark.parametrize(
    "text", ["\ufefftitle: Pro\r\nuser_count: 3\r\n", "---\ntitle: Pro\nuser_count: 3\n...\n"]
)
def test_marks_and_line_endings_of_other_systems_go(text: str) -> None:
    assert canon(text) == "title: Pro\nuser_count: 3\n"


def test_an_unedited_layout_comes_out_as_it_went_in() -> None:
    text = "# a\ntitle: 'Pro'   # b\n\nfeatures:\n- x   # c\n# d\nlimits:\n    y: 1\n    # e\nz: 2\n# f\n"

    assert emit(parse(text)) == text


@st.composite
def commented(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Strew comments and blank lines over the sample, wherever YAML takes them."""
    marks, lines = [], []
    for number, line in enumerate(SAMPLE.splitlines()):
        kind = draw(st.sampled_from(["none", "none", "above", "beside", "blank"]))
        mark = f"c{number}z"
        if kind == "above":
            lines.append(" " * draw(st.integers(0, 6)) + f"# {mark}")
        elif kind == "blank":
            lines.append("")
        lines.append(f"{line} # {mark}" if kind == "beside" else line)
        marks += [mark] * (kind in {"above", "beside"})
    return "\n".join(lines) + "\n", marks


@given(commented())
def test_formatting_keeps_every_comment_and_value_and_is_idempotent(case: tuple[str, list[str]]) -> None:
    text, marks = case
    try:
        before = load(text.encode())
    except DoubtfulError:
        return

    after = emit(canonical(parse(text), PACKAGE), aligned=True)

    assert load(after.encode()) == before
    assert sorted(re.findall(r"c\d+z", after)) == sorted(marks)
    assert emit(canonical(parse(after), PACKAGE), aligned=True) == after
    assert canon(text) == after


@given(commented())
def test_an_unedited_layout_keeps_every_comment_and_value(case: tuple[str, list[str]]) -> None:
    text, marks = case
    try:
        before = load(text.encode())
    except DoubtfulError:
        return

    after = emit(parse(text))

    assert load(after.encode()) == before
    assert sorted(re.findall(r"c\d+z", after)) == sorted(marks)
    assert emit(parse(after)) == after


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_that_is_accepted_is_formatted_without_changing_what_it_says(text: str) -> None:
    content = f"a: 1\n{text}".encode()
    try:
        before = load(content)
    except DoubtfulError:
        return

    after = formatted(content, PACKAGE)

    assert load(after.encode()) == before
    assert formatted(after.encode(), PACKAGE) == after
