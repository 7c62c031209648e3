"""Notes as one Markdown document, client by client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.render.notes.wording import letter
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.planning.notes import Note
    from reconciler.render.text.glossary import Glossary

_SPECIAL: Final = re.compile(r"([!-/:-@\[-`{-~])")
"""CommonMark lets every ASCII punctuation character be escaped by a backslash."""
_BACKTICKS: Final = re.compile("`+")


def notes_markdown(notes: Iterable[Note], glossary: Glossary) -> Iterator[str]:
    """Yield the document's lines as the notes come; one line says so where there are none."""
    is_empty = True
    for note in notes:
        is_empty = False
        yield from _section(note, glossary)
    if is_empty:
        yield "No client is touched."


def quote(text: str) -> str:
    """Return foreign text so that it is shown and never obeyed."""
    return _SPECIAL.sub(r"\\\1", sanitise(text))


def _section(note: Note, glossary: Glossary) -> Iterator[str]:
    client, words = note.client, letter(note, glossary, quote)
    yield f"## {quote(client.name)}"
    yield ""
    yield f"To {_code(client.owner_email)} (client {_code(client.id)})"
    yield ""
    yield words.opening
    for heading, parts in ((words.losses_heading, words.losses), (words.gains_heading, words.gains)):
        if parts:
            yield ""
            yield heading
            yield ""
            yield from (f"- {part}." for part in parts)
    yield ""


def _code(text: str) -> str:
    text = sanitise(text)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"
