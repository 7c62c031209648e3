"""Self-contained pages: one style, no scripts, nothing that is loaded, every foreign text escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reconciler.model.english import number
from reconciler.render.story.words import Origin, key, title, written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.render.story.words import Span

_DAY: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def page(template: str, *, heading: str, **values: Any) -> str:
    """Return the page that a template makes of values; `heading` is its title."""
    style = files("reconciler.render.html").joinpath("style.css").read_text("utf-8")
    return (
        _environment()
        .get_template(template)
        .render(
            heading=heading,
            style=Markup(style),  # noqa: S704 - the program's own file
            style_digest=b64encode(sha256(style.encode()).digest()).decode(),
            **values,
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
    """Return the sentence with identifiers as code, days that do not break, and all else escaped."""
    return Markup(written(map(_whole_days, sentence), _escaped))  # noqa: S704 - every foreign part is escaped


def _whole_days(span: Span) -> Span:
    """Keep a browser from breaking a line at the hyphen of a day; what others wrote is left as it is."""
    if span.origin is not Origin.OURS:
        return span
    return span._replace(text=_DAY.sub(r'<span class="day">\g<0></span>', span.text))


def _key(text: str) -> Markup:
    return _words([key(text)])


def _title(text: str) -> Markup:
    return _words([title(text)])


def _escaped(foreign: Span) -> str:
    text = escape(foreign.text)
    return f"<bdi>{text}</bdi>" if foreign.origin is Origin.TEXT else f"<code>{text}</code>"
