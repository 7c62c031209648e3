"""Rules, guards, codes of changes and exit codes as pages of Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.topics import Topic


def topics_page(title: str, intro: str, topics: Iterable[Topic]) -> str:
    """Return a page with a section per topic, in their order."""
    return "\n".join([f"# {title}", "", intro, "", *_sections(topics)]).rstrip() + "\n"


def _sections(topics: Iterable[Topic]) -> Iterator[str]:
    for topic in topics:
        weight = f" ({topic.weight})" if topic.weight else ""
        yield from (f"## `{topic.id}`", "", f"**{topic.title}**{weight}", "", topic.explanation, "")
        for label, example in (("Not so", topic.bad), ("But so" if topic.bad else "Such as", topic.good)):
            if example:
                yield from (
                    f"{label}:",
                    "",
                    "```yaml" if topic.kind == "rule" else "```text",
                    example.rstrip("\n"),
                    "```",
                    "",
                )
