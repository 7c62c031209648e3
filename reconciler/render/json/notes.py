"""Notes as JSON lines, for a mailer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.render.json.values import line
from reconciler.render.notes.wording import letter
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from reconciler.model.plans import FieldChange
    from reconciler.planning.notes import Note
    from reconciler.render.notes.wording import Letter
    from reconciler.render.text.glossary import Glossary


def note_json(note: Note, glossary: Glossary) -> str:
    """Return the note on one line: whom to write to, a subject, a plain text, and the facts behind it."""
    words = letter(note, glossary, sanitise)
    return line(
        {
            "client": note.client.id,
            "name": note.client.name,
            "email": note.client.owner_email,
            "package": note.client.subscription.package,
            "on": note.on.isoformat(),
            "moves": note.moves,
            "subject": words.subject,
            "text": _text(words),
            "losses": [_field(field) for field in note.losses],
            "gains": [_field(field) for field in note.gains],
        }
    )


def _text(words: Letter) -> str:
    sections = [words.opening]
    for heading, parts in ((words.losses_heading, words.losses), (words.gains_heading, words.gains)):
        if parts:
            sections.append("\n".join([heading, *(f"- {part}." for part in parts)]))
    return "\n\n".join(sections) + "\n"


def _field(field: FieldChange) -> dict[str, Any]:
    return {"code": field.code.value, "path": field.path, "from": field.before, "to": field.after}
