"""`history --package`: what was done to a package, with what each write made different."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.packages import RevisionRef
from reconciler.planning.fields import differences, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.live.port import PlatformReader
    from reconciler.model.history import HistoryEntry
    from reconciler.model.packages import Definition
    from reconciler.model.plans import FieldChange


def history_of_package(
    reader: PlatformReader, key: str, limit: int
) -> tuple[tuple[HistoryEntry, tuple[FieldChange, ...]], ...]:
    """Return each write to the package, newest first, and how the package differed after it.

    A package that was new then differs from nothing. Raises WrongUsageError where there is no such package.
    """
    entries = tuple(reader.package_history(key, limit=limit))
    revisions = {number for each in entries for number in _revisions(each)}
    known = reader.definitions([RevisionRef(key, number) for number in sorted(revisions)])
    return tuple((each, _differing(each, key, known)) for each in entries)


def _revisions(entry: HistoryEntry) -> tuple[int, ...]:
    """Return the revision before and the one after, where they are two."""
    if entry.before is None or entry.after is None:
        return ()
    before, after = int(entry.before["revision"]), int(entry.after["revision"])
    return (before, after) if before != after else ()


def _differing(
    entry: HistoryEntry, key: str, known: Mapping[RevisionRef, Definition]
) -> tuple[FieldChange, ...]:
    sides = [known[ref] for number in _revisions(entry) if (ref := RevisionRef(key, number)) in known]
    return differences(*sides, email=masked) if len(sides) == 2 else ()  # noqa: PLR2004 - before and after
