"""One topic in full, and the list of all."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.topics import Topic

_HEADINGS: Final = {
    "rule": "RULES OF VALIDATION",
    "guard": "GUARDS",
    "change": "CODES OF CHANGES",
    "exit code": "EXIT CODES",
}
_INDENT: Final = 4


def topic_text(topic: Topic, paper: Paper) -> str:
    """Return the topic with its examples."""
    lines = list(paper.lines([Span(topic.id, Ink.BOLD), " ", Span(_kind(topic), Ink.DIM)]))
    lines += ["", *paper.lines([f"{topic.title}. {topic.explanation}"])]
    lines += _example("Instead of", topic.bad, paper)
    lines += _example("Write" if topic.bad else "For example", topic.good, paper)
    return "\n".join(lines) + "\n"


def topic_table(topics: Iterable[Topic], paper: Paper) -> Iterator[str]:
    """Yield a list per kind; topics come grouped by kind."""
    for number, (kind, group) in enumerate(groupby(topics, key=lambda topic: topic.kind)):
        if number:
            yield ""
        yield from table_lines((_HEADINGS[kind], ""), [(topic.id, topic.title) for topic in group], paper)


def _kind(topic: Topic) -> str:
    return f"({topic.kind}, {topic.weight})" if topic.weight else f"({topic.kind})"


def _example(label: str, text: str, paper: Paper) -> Iterator[str]:
    if text:
        yield ""
        yield from paper.lines([Span(f"{label}:", Ink.DIM)])
        yield from (" " * _INDENT + paper.paint(line) for line in text.splitlines())
