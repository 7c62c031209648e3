"""An error as a person reads it: what happened and where, every finding, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import InvalidError
from reconciler.model.secrets import without_secrets
from reconciler.render.story.words import Span, Tone
from reconciler.render.text.findings import count_line, finding_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.errors import ReconcilerError
    from reconciler.render.text.style import Paper

_COLUMN = 7


def failure_text(error: ReconcilerError, paper: Paper) -> str:
    """Return the error, ending in a newline."""
    return "\n".join(_lines(error, paper)) + "\n"


def _lines(error: ReconcilerError, paper: Paper) -> Iterator[str]:
    yield from labelled("error:", without_secrets(error.message), Tone.ALARM, paper)
    if isinstance(error, InvalidError) and error.findings:
        yield ""
        yield from finding_lines(error.findings, paper)
        yield from ("", count_line(error.findings))
    if error.hint:
        yield from labelled("hint:", without_secrets(error.hint), Tone.HINT, paper)


def labelled(label: str, message: str, ink: Tone, paper: Paper) -> Iterator[str]:
    """Yield the message under its label; its own line breaks are kept, indented below the first line."""
    first, *rest = message.splitlines() or [""]
    yield from paper.lines([first], label=Span(label, ink), column=_COLUMN)
    for line in rest:
        yield from paper.lines([line], indent=_COLUMN)
