"""What still names a client who was forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.clients import Forgotten
    from reconciler.render.text.style import Paper


def forgotten_lines(forgotten: Forgotten, files: Iterable[tuple[str, str]], paper: Paper) -> Iterator[str]:
    """Yield that it was done, and a line per place that still names the client."""
    places = [
        *(f"{file}: {key}" for file, key in files),
        *(f"{each.package} revision {each.revision}: allowed_emails" for each in forgotten.revisions),
        *(f"run {each}: the record of what it changed" for each in forgotten.runs),
    ]
    rest = " Still named in:" if places else " Nothing here names it any more."
    yield from paper.lines([Span("Forgotten.", Tone.GOOD), rest])
    for place in places:
        yield from paper.lines([place], indent=2)
    if places:
        hint = "Files can be edited; git keeps what they were. Revisions and runs are never changed."
        yield from paper.lines([Span(hint, Tone.QUIET)])
