"""The demo's own lines, between the plans and the runs that it shows."""

from __future__ import annotations

from typing import Final

from reconciler.render.text.ink import Ink, Paper, Span

_INKS: Final = {"+": Ink.GREEN, "-": Ink.RED, "@": Ink.CYAN}


def told_text(text: str, paper: Paper) -> str:
    """Return a sentence of the story, set off from what came before."""
    return "\n".join(["", *paper.lines([Span(text, Ink.BOLD)], label=Span("»", Ink.CYAN), column=2), ""])


def diff_text(diff: str, paper: Paper) -> str:
    """Return a unified diff in colour, line by line as it is."""
    return "".join(
        f"  {paper.paint(Span(line, _INKS.get(line[:1], Ink.PLAIN)))}\n" for line in diff.splitlines()
    )
