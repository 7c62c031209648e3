"""Foreign text in GitHub-flavoured Markdown: shown, never obeyed.

Escapes do not stop mentions, issue references and bare links, which are found after Markdown is rendered. A
code span stops them all, so that only words which are plainly prose are left outside of one.
"""

from __future__ import annotations

import re
from html import escape as html_escape
from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.render.sanitise import sanitise
from reconciler.render.story.words import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.render.story.words import Span

_WORD: Final = re.compile(r"[(“'\"]*(?:[^\W_]|[,;'\u2019&+%→·…!?\u2013—()-])*[.,;:)”'\"]*")
_REFERENCE: Final = re.compile(r"(?i)(?:[0-9a-f]{7,64}|[a-z][a-z0-9]*-[0-9]+|(?<![^\W_])[!&%]\w)")
"""Commits; issues as GH-1, and as the keys of trackers that a repository may link; GitLab's !1, &1 and %1."""
_BLOCK: Final = re.compile(r"[-+]+\.?|[0-9]+[.)]\.?")
"""Words that begin a list, a rule or a heading where a line begins."""
_ENTITY: Final = re.compile(r"&(?=[#\w])")
_BACKTICKS: Final = re.compile("`+")


def escape(foreign: Span) -> str:
    """Return an identifier as a code span; of another text, only the words that could do something."""
    return _prose(foreign.text) if foreign.origin is Origin.TEXT else code(foreign.text.strip())


def escape_line(text: str) -> str:
    """Return a text for where a line or an item of a list begins: no more of it is obeyed there.

    It may end a sentence: a number before a full stop would begin a list.
    """
    first, gap, rest = text.strip().partition(" ")
    if _BLOCK.fullmatch(first if rest else f"{first}."):
        return f"{code(first)}{gap}{_prose(rest)}"
    return _prose(text.strip())


def code(text: str) -> str:
    """Return a code span, in or outside of a table."""
    text = sanitise(text).replace("|", "\\u007c")
    if not text.strip():
        return "“”"
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or text[0] == " " == text[-1] else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def block(lines: Iterable[str], language: str) -> str:
    """Return a fenced code block that no line can end."""
    text = "\n".join(sanitise(line) for line in lines)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}{language}\n{text}\n{fence}\n"


def in_html(foreign: Span) -> str:
    """Return the text for where Markdown is not read, inside an HTML block; code stops mentions there too."""
    is_prose = foreign.origin is Origin.TEXT and all(map(_is_harmless, foreign.text.split()))
    text = html_escape(foreign.text, quote=False)
    return text if is_prose and text.strip() else f"<code>{text}</code>"


def _coded(text: str) -> str:
    """Return a code span, with what ends a clause behind it."""
    spoken = text.rstrip(".,;:")
    return f"{code(spoken)}{text[len(spoken) :]}" if spoken else code(text)


def _prose(text: str) -> str:
    """Escape word by word; neighbouring words that could do something share one code span."""
    words = groupby(text.split(" "), key=lambda word: word == "" or _is_harmless(word))
    return " ".join(
        _ENTITY.sub(r"\\&", " ".join(run)) if is_harmless else _coded(" ".join(run))
        for is_harmless, run in words
    )


def _is_harmless(word: str) -> bool:
    return _WORD.fullmatch(word) is not None and _REFERENCE.search(word) is None
