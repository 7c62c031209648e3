"""The plan as a self-contained page, for screens of any width, in light and dark, and for paper."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reconciler.model.english import number
from reconciler.render.story.figures import told
from reconciler.render.story.words import Origin, key, title, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.render.story.story import Story
from reconciler.render.story.words import Span

_BARS: Final = ("losing", "losing_in_use", "keeping", "gaining")
_BESIDE: Final = ("holding", "suspended", "moving")
"""What the headline does not say."""


def plan_html(story: Story) -> str:
    """Return the page."""
    style = files("reconciler.render.html").joinpath("style.css").read_text("utf-8")
    bars = {entry.key: told(entry.figures, _BARS) for entry in story.entries}
    largest = max((bar.clients for each in bars.values() for bar in each), default=1)
    return (
        _environment()
        .get_template("plan.html.j2")
        .render(
            story=story,
            beside=told(story.figures, _BESIDE),
            bars={key: [(bar, _percent(bar.clients, largest)) for bar in each] for key, each in bars.items()},
            style=Markup(style),  # noqa: S704 - the program's own file
            style_digest=b64encode(sha256(style.encode()).digest()).decode(),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("reconciler.render", "html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"words": _words, "key": _key, "title": _title, "number": number}
    return environment


def _words(sentence: Iterable[Span]) -> Markup:
    """Return the sentence with identifiers as code and all else escaped."""
    return Markup(written(sentence, _escaped))  # noqa: S704 - every foreign part is escaped


def _key(text: str) -> Markup:
    return _words([key(text)])


def _title(text: str) -> Markup:
    return _words([title(text)])


def _escaped(foreign: Span) -> str:
    text = escape(foreign.text)
    return f"<bdi>{text}</bdi>" if foreign.origin is Origin.TEXT else f"<code>{text}</code>"


def _percent(count: int, whole: int) -> float:
    """Return the share of a bar, all of the page on one scale; what is there at all stays visible."""
    return max(0.6, round(100 * count / whole, 2))
