"""The demo's own lines, between the plans and the runs that it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from reconciler.render.text.style import Paper

_TONES: Final = {"+": Tone.GOOD, "-": Tone.ALARM, "@": Tone.HINT}


def told_text(text: str, paper: Paper) -> str:
    """Return a sentence of the story, set off from what came before."""
    return "\n".join(["", *paper.lines([Span(text, Tone.STRONG)], label=Span("»", Tone.HINT), column=2), ""])


def diff_text(diff: str, paper: Paper) -> str:
    """Return a unified diff in colour, line by line as it is."""
    return "".join(
        f"  {paper.paint(Span(line, _TONES.get(line[:1], Tone.PLAIN)))}\n" for line in diff.splitlines()
    )
