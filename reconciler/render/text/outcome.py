"""What a client command has done, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.text.ink import Ink, Paper, Span
from reconciler.render.text.phrases import counted, instant, number

if TYPE_CHECKING:
    from reconciler.model.clients import Client, ImportReport


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
