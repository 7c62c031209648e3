"""Notes as one Markdown document, client by client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.render.markdown.escape import code, escape_line
from reconciler.render.notes.wording import letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.planning.notes import Note
    from reconciler.render.text.glossary import Glossary


def notes_markdown(notes: Iterable[Note], glossary: Glossary) -> Iterator[str]:
    """Yield the document's lines as the notes come; one line says so where there are none."""
    is_empty = True
    for note in notes:
        is_empty = False
        yield from _section(note, glossary)
    if is_empty:
        yield "No client is touched."


def _section(note: Note, glossary: Glossary) -> Iterator[str]:
    client, words = note.client, letter(note, glossary, escape_line)
    yield f"## {escape_line(client.name)}"
    yield ""
    yield f"To {code(client.owner_email)} (client {code(client.id)})"
    yield ""
    yield words.opening
    for heading, parts in ((words.losses_heading, words.losses), (words.gains_heading, words.gains)):
        if parts:
            yield ""
            yield heading
            yield ""
            yield from (f"- {part}." for part in parts)
    yield ""
