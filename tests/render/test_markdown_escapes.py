import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.comparison import Column, Comparison, Row, Section
from reconciler.model.findings import Finding, Position
from reconciler.render.comparison import comparison_markdown
from reconciler.render.markdown.escape import escape, escape_line
from reconciler.render.markdown.findings import findings_markdown
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.story.words import Origin, Span
from tests.markdown import assert_tame, rendered
from tests.naughty import TEXTS, naughty_plan
from tests.render.cases import told

FRAGMENTS = st.sampled_from(
    [
        "`",
        "``",
        "\n",
        "\\",
        "|",
        "@a",
        "#1",
        "a",
        " ",
        "www.",
        "http://",
        "b.co",
        "<i>",
        "[",
        "](",
        *"[]()!*_-.:(“~",
        "&lt;",
        "GH-1",
        "12345678",
    ]
)
texts = st.one_of(st.sampled_from(TEXTS), st.lists(FRAGMENTS, max_size=8).map("".join), st.text(max_size=30))


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_with_hostile_texts_has_no_link_mention_image_or_html_of_theirs(text: str) -> None:
    markdown = plan_markdown(told(naughty_plan(text)))

    assert_tame(markdown)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_break_out_of_no_cell_and_make_no_heading(text: str) -> None:
    tokens = rendered(plan_markdown(told(naughty_plan(text))))

    rows = [index for index, token in enumerate(tokens) if token.type == "tr_open"]
    cells = [sum(t.type in {"td_open", "th_open"} for t in tokens[a:b]) for a, b in pairwise(rows)]
    assert set(cells) == {7}
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert sum(token.type == "heading_open" for token in tokens) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_a_comparison_with_hostile_texts_is_as_tame(text: str) -> None:
    row = Row(text, text, (text, 5), text)
    made = Comparison((Column(text, text), Column("pro", "Pro")), (Section("Limits", (row,)),))

    markdown = comparison_markdown(made)

    assert_tame(markdown)
    assert [token.type for token in rendered(markdown)].count("td_open") == 2 * 3


@given(texts)
@example("0")
@example("- -")
@example("1. one")
def test_where_a_line_begins_a_text_begins_no_block_of_its_own(text: str) -> None:
    markdown = f"- {escape_line(text)}.\n- end\n"

    tokens = rendered(markdown)

    assert_tame(markdown)
    assert [token.type for token in tokens if token.type.endswith("_open")] == [
        "bullet_list_open",
        *("list_item_open", "paragraph_open") * 2,
    ]


@given(texts, st.booleans())
def test_whatever_a_text_is_it_stays_one_inline_text(text: str, is_key: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    foreign = Span(text.replace("\n", " "), origin=Origin.KEY if is_key else Origin.TEXT)
    markdown = f"| a | b |\n|---|---|\n| {escape(foreign)} | end |\n"

    tokens = rendered(markdown)

    assert sum(token.type == "td_open" for token in tokens) == 2
    assert [token.content for token in tokens if token.type == "inline"][3] == "end"
    assert not {token.type for token in tokens} & {
        "link_open",
        "image",
        "html_inline",
        "em_open",
        "strong_open",
    }
    for cell in (token.children or () for token in tokens if token.type == "inline"):
        shown = "".join(token.content for token in cell if token.type == "text")
        assert not re.search(r"@|#[0-9]|://|www\.\w", shown)


@given(texts)
def test_hostile_findings_are_tame_too(text: str) -> None:
    findings = [
        Finding(text, Position(), text, text, text),
        Finding("a", Position(), "b", text, "", "warning"),
    ]

    assert_tame(findings_markdown(findings))


def test_plain_titles_stay_readable() -> None:
    assert escape(Span("Professional & Co. (EU), 24/7: it's “new”", origin=Origin.TEXT)) == (
        "Professional & Co. (EU), `24/7`: it's “new”"
    )


def test_identifiers_are_code() -> None:
    assert escape(Span("audio_call", origin=Origin.KEY)) == "`audio_call`"
