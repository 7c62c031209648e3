"""What a command has done, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.phrases import counted, instant, number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.clients import Client, ImportReport
    from reconciler.model.plans import GuardResult


def import_text(report: ImportReport, paper: Paper) -> str:
    """Return how many clients came in."""
    total = counted(report.added + report.updated, "client")
    how = f"{number(report.added)} new, {number(report.updated)} known before"
    return "\n".join(paper.lines([Span("Imported", Ink.GOOD), f" {total}: {how}."])) + "\n"


def assigned_text(client: Client, paper: Paper) -> str:
    """Return what the client holds now."""
    held = client.subscription
    expiry = "never expires" if held.expires_at is None else f"expires {instant(held.expires_at)}"
    body: list[Span | str] = [
        Span(client.id, Ink.BOLD),
        f" holds {held.package} revision {held.revision}; it {expiry}.",
    ]
    return "\n".join(paper.lines(body)) + "\n"


def held_back_text(guards: Iterable[GuardResult], paper: Paper) -> str:
    """Return which packages an apply left out, and which guards it was for."""
    named = dict.fromkeys(f"{each.key} ({each.id})" for each in guards)
    body: list[Span | str] = [Span("Held back", Ink.CAUTION), f": {', '.join(named)}."]
    return "\n".join(paper.lines(body)) + "\n"
