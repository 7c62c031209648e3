"""An error as a person reads it: what happened and where, every finding, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import InvalidError
from reconciler.model.secrets import without_secrets
from reconciler.render.story.words import Span, Tone
from reconciler.render.text.findings import finding_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.errors import ReconcilerError
    from reconciler.render.text.style import Paper

_COLUMN = 7
_OURS: Final = frozenset(
    {
        *("a", "all", "an", "another", "its", "no", "nothing", "only", "the", "there", "this", "what"),
        *("client", "clients", "line", "package", "packages", "text"),
        *("create", "make", "one", "put", "rename", "repair", "run", "to", "use", "write"),
    }
)
"""Words that begin messages and are names of nothing."""


def failure_text(error: ReconcilerError, paper: Paper) -> str:
    """Return the error, ending in a newline."""
    return "\n".join(_lines(error, paper)) + "\n"


def _lines(error: ReconcilerError, paper: Paper) -> Iterator[str]:
    yield from labelled("error:", _sentence(without_secrets(error.message)), Tone.ALARM, paper)
    if isinstance(error, InvalidError) and error.findings:
        yield ""
        yield from finding_lines(error.findings, paper)
        yield from ("",) if error.hint else ()
    if error.hint:
        yield from labelled("hint:", _sentence(without_secrets(error.hint)), Tone.HINT, paper)


def _sentence(message: str) -> str:
    """Return it with a capital and a full stop, as far as it begins and ends in words of ours.

    What begins with the name of a program, a file or a key keeps that as it is.
    """
    first, _, rest = message.partition(" ")
    begun = f"{first.capitalize()} {rest}" if rest and first in _OURS else message
    return f"{begun}." if begun[-1:].isalnum() or begun[-1:] in "`)'" else begun


def labelled(label: str, message: str, ink: Tone, paper: Paper) -> Iterator[str]:
    """Yield the message under its label; its own line breaks are kept, indented below the first line."""
    first, *rest = message.splitlines() or [""]
    yield from paper.lines([first], label=Span(label, ink), column=_COLUMN)
    for line in rest:
        yield from paper.lines([line], indent=_COLUMN)
