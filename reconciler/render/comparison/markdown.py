"""The matrix as a table in GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from reconciler.render.comparison.words import cell_words, row_words
from reconciler.render.sanitise import sanitise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.comparison import Comparison

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>()#!|~:@&$])")


def comparison_markdown(comparison: Comparison) -> str:
    """Return the table; a section begins with a row in bold."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    yield _row(["", *(escaped(column.title) for column in comparison.columns)])
    yield _row(["---", *(":---:" for _ in comparison.columns)])
    for section in comparison.sections:
        yield _row([f"**{section.title}**", *("" for _ in comparison.columns)])
        for row in section.rows:
            yield _row([escaped(row_words(row)), *(escaped(cell_words(cell)) for cell in row.cells)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Return the text with everything escaped that Markdown, or a forge that shows it, could obey."""
    return _SPECIAL.sub(r"\\\1", sanitise(text))
