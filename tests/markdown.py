"""What a forge makes of Markdown, by a renderer of GitHub's flavour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from markdown_it.token import Token

OWN_HTML = re.compile(r"</?(?:details|summary)>|<code>[^<>]*</code>|[^<>]+")


def rendered(markdown: str) -> list[Token]:
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": True}).parse(markdown)
    return [*tokens, *(child for token in tokens for child in token.children or ())]


def assert_tame(markdown: str) -> None:
    """Have no link, image, mention, reference or HTML in it, but for our own."""
    tokens = rendered(markdown)
    kinds = {token.type for token in tokens}
    text = "\n".join(token.content for token in tokens if token.type == "text")

    assert not kinds & {"link_open", "image", "code_block", "html_inline"}
    for fence in (token for token in tokens if token.type == "fence"):
        assert fence.info == "yaml"
        assert re.fullmatch(r"(acknowledge:|  - removes: .*|    [a-z]+: .*|\n)*", fence.content)
    for block in (token.content for token in tokens if token.type == "html_block"):
        assert "".join(OWN_HTML.findall(block)) == block
    assert not re.search(
        r"@|#[0-9]|://|www\.\w|[a-z]-[0-9]|[0-9a-f]{7}|(?<!\w)[!%&]\w|<|\$\{\{", text, re.IGNORECASE
    )
