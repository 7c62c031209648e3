"""Events as a table, and whether they are as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import counted, instant
from reconciler.render.story.history import difference
from reconciler.render.story.words import Span, Tone, author, plain
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.events import Event
    from reconciler.planning.events import Verified
    from reconciler.render.text.style import Paper

_HEADINGS: Final = ("EVENT", "WHEN", "BY", "WHAT", "WHOM", "CHANGE", "WHY")


def event_table(events: Iterable[Event], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per event."""
    return table_lines(_HEADINGS, map(_row, events), paper)


def _row(event: Event) -> tuple[str, ...]:
    by = author(event.author, event.on_behalf_of)
    whom = event.client or (f"number {event.number}" if event.number is not None else event.package or "")
    return (event.id, instant(event.at), by, event.kind, whom, _change(event), event.reason)


def _change(event: Event) -> str:
    after = event.after or {}
    match event.kind:
        case "run":
            return f"run {after.get('run')}"
        case "import" if event.number is None:
            return f"{counted(after.get('added', 0), 'client')} new, {after.get('updated', 0):,} known before"
        case _:
            return plain(difference(event.kind, event.before, event.after))


def verified_text(verified: Verified, paper: Paper) -> str:
    """Return what was found, where nothing is wrong, and the seal to keep elsewhere."""
    found = f" as they were written; {verified.unsealed:,} not sealed by a run yet."
    body: list[Span | str] = [Span(counted(verified.events, "event"), Tone.GOOD), found]
    seal = [] if verified.head is None else paper.lines([f"Seal: {verified.head}"])
    return "\n".join([*paper.lines(body), *seal]) + "\n"
