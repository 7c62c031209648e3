"""The history of one client or one package as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.english import instant
from reconciler.render.story.history import difference, done_to_package, which
from reconciler.render.story.words import author, plain
from reconciler.render.text.table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.history import HistoryEntry
    from reconciler.model.plans import FieldChange
    from reconciler.render.story.glossary import Glossary
    from reconciler.render.text.style import Paper

_HEADINGS: Final = ("WHICH", "WHEN", "BY", "COMMIT", "WHAT", "WHY")
_COMMIT: Final = 12


def client_history_table(entries: Iterable[HistoryEntry], paper: Paper) -> Iterator[str]:
    """Yield a line of headings and a row per write, as they come."""
    rows = (_row(each, plain(difference(each.kind, each.before, each.after))) for each in entries)
    return table_lines(_HEADINGS, rows, paper)


def package_history_table(
    entries: Iterable[tuple[HistoryEntry, tuple[FieldChange, ...]]], glossary: Glossary, paper: Paper
) -> Iterator[str]:
    """Yield the same of a package, with what each write made different."""
    rows = (_row(each, plain(done_to_package(each, fields, glossary))) for each, fields in entries)
    return table_lines(_HEADINGS, rows, paper)


def _row(entry: HistoryEntry, what: str) -> tuple[str, ...]:
    by, commit = author(entry.author, entry.on_behalf_of), (entry.commit or "")[:_COMMIT]
    return (which(entry), instant(entry.at), by, commit, what, entry.reason)
