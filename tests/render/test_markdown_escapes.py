import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model.findings import Finding, Position
from reconciler.render.markdown.escape import escape
from reconciler.render.markdown.findings import findings_markdown
from reconciler.render.markdown.plan import plan_markdown
from reconciler.render.review.words import Foreign
from reconciler.render.text.glossary import Glossary
from tests.naughty import TEXTS, naughty_catalog, naughty_plan

OWN_HTML = re.compile(r"</?(?:details|summary)>|<code>[^<>]*</code>|[^<>]+")
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


def rendered(markdown: str) -> list[Token]:
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(markdown)
    return [*tokens, *(child for token in tokens for child in token.children or ())]


def assert_tame(markdown: str) -> None:
    tokens = rendered(markdown)
    kinds = {token.type for token in tokens}
    text = "\n".join(token.content for token in tokens if token.type == "text")

    assert not kinds & {"link_open", "image", "fence", "code_block", "html_inline"}
    for block in (token.content for token in tokens if token.type == "html_block"):
        assert "".join(OWN_HTML.findall(block)) == block
    assert not re.search(r"@|#[0-9]|://|www\.\w|[a-z]-[0-9]|[0-9a-f]{7}|<|\$\{\{", text, re.IGNORECASE)


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_with_hostile_texts_has_no_link_mention_image_or_html_of_theirs(text: str) -> None:
    markdown = plan_markdown(naughty_plan(text), Glossary(naughty_catalog(text)))

    assert_tame(markdown)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_texts_break_out_of_no_cell_and_make_no_heading(text: str) -> None:
    tokens = rendered(plan_markdown(naughty_plan(text), Glossary(naughty_catalog(text))))

    rows = [index for index, token in enumerate(tokens) if token.type == "tr_open"]
    cells = [sum(t.type in {"td_open", "th_open"} for t in tokens[a:b]) for a, b in pairwise(rows)]
    assert set(cells) == {8}
    assert sum(token.type == "table_open" for token in tokens) == 1
    assert sum(token.type == "heading_open" for token in tokens) == 1


@given(texts, st.booleans())
def test_whatever_a_text_is_it_stays_one_inline_text(text: str, is_key: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
    markdown = (
        f"| a | b |\n|---|---|\n| {escape(Foreign(text.replace(chr(10), ' '), is_key=is_key))} | end |\n"
    )

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
    assert escape(Foreign("Professional & Co. (EU), 24/7: it's “new”")) == (
        "Professional & Co. (EU), `24/7:` it's “new”"
    )


def test_identifiers_are_code() -> None:
    assert escape(Foreign("audio_call", is_key=True)) == "`audio_call`"
