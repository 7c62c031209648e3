"""Edits of files: their names, or every line of difference."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING, Final

from reconciler.render.story.words import Span, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.edits import FileEdit
    from reconciler.render.text.style import Paper

_TONES: Final = {"+": Tone.GOOD, "-": Tone.ALARM, "@": Tone.HINT}


def edit_lines(edits: Iterable[FileEdit], paper: Paper) -> Iterator[str]:
    """Yield each file's path on a line of its own, so that another program can take them."""
    yield from (paper.paint(edit.file) for edit in edits)


def diff_lines(edits: Iterable[FileEdit], paper: Paper) -> Iterator[str]:
    """Yield a unified diff that `git apply` takes, as far as nothing in it had to be made visible."""
    for edit in edits:
        before = "/dev/null" if edit.before is None else f"a/{edit.file}"
        for line in unified_diff(
            _lines(edit.before), _lines(edit.after), before, f"b/{edit.file}", lineterm=""
        ):
            tone = Tone.STRONG if line.startswith(("+++", "---")) else _TONES.get(line[0], Tone.PLAIN)
            yield paper.paint(Span(line, tone))


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode(errors="replace").splitlines()
