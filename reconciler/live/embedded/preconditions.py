"""What must hold before a change set is written: that nothing it speaks of has moved since the plan."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from reconciler.errors import BlockedError, InvalidError, StaleError
from reconciler.live.embedded import losses
from reconciler.model.changesets import ArchiveWrite
from reconciler.planning.catalog import catalog_change, moved_terms
from reconciler.store import meta, questions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from reconciler.model.changesets import ChangeSet
    from reconciler.store.packages import StoredPackage

_REASONS_SHOWN: Final = 10
_PLAN_AGAIN: Final = "Plan again, and review what changed."


def keys_of(change_set: ChangeSet) -> set[str]:
    """Return every package key that the change set speaks of, before and after it."""
    keys = {write.key for write in change_set.writes} | {write.origin for write in change_set.writes}
    return keys | {move.who.package for move in change_set.moves}


def require_lineage(connection: Connection, change_set: ChangeSet) -> None:
    """Raise `StaleError` where the change set was planned on another platform."""
    lineage = meta.lineage(connection)
    if change_set.lineage != lineage:
        raise StaleError(
            f"the plan was made for another platform ({change_set.lineage}, and this is {lineage})",
            hint="Plan again, on this platform.",
        )


def require_unmoved(
    connection: Connection, change_set: ChangeSet, known: Mapping[str, StoredPackage]
) -> None:
    """Raise `StaleError`, saying what moved, or `InvalidError` for a change set that contradicts itself."""
    _require_consistent(change_set)
    reasons = [
        *_moved_packages(change_set, known),
        *_moved_settings(connection, change_set),
        *_moved_clients(connection, change_set),
    ]
    if reasons:
        raise stale(reasons)
    _require_managed(change_set, known)


def stale(reasons: list[str]) -> StaleError:
    """Return the error that names what moved."""
    shown = "; ".join(reasons[:_REASONS_SHOWN])
    more = len(reasons) - _REASONS_SHOWN
    return StaleError(
        f"the platform moved since the plan: {shown}{f'; and {more} more' if more > 0 else ''}",
        hint=_PLAN_AGAIN,
    )


def _require_consistent(change_set: ChangeSet) -> None:
    written = [write.key for write in change_set.writes]
    read = [write.origin for write in change_set.writes if write.expected_version is not None]
    for key, times in (Counter(written) | Counter(read)).items():
        if times > 1:
            raise InvalidError(f"the change set writes package `{key}` more than once", hint=_PLAN_AGAIN)


def _moved_packages(change_set: ChangeSet, known: Mapping[str, StoredPackage]) -> Iterator[str]:
    renamed_away = {write.origin for write in change_set.writes if write.origin != write.key}
    written = ((write.origin, write.expected_version) for write in change_set.writes)
    moved = (
        (move.who.package, move.expected_version)
        for move in change_set.moves
        if move.expected_version is not None
    )
    for key, expected in chain(written, moved):
        version = known[key].head.version if key in known else None
        if version != expected and not (expected is None and key in renamed_away):
            yield _moved_version(key, expected, version)
    for write in change_set.writes:
        if write.origin != write.key and write.key in known.keys() - renamed_away:
            yield f"a package with key `{write.key}` exists, which `{write.origin}` was to be renamed to"


def _moved_version(key: str, expected: int | None, version: int | None) -> str:
    if expected is None:
        return f"package `{key}` exists now"
    if version is None:
        return f"package `{key}` is gone"
    return f"package `{key}` was written (version {expected} was planned on, it is at {version})"


def _moved_settings(connection: Connection, change_set: ChangeSet) -> Iterator[str]:
    change = catalog_change(change_set.catalog, change_set.expected_catalog)
    moved = [*moved_terms(change, meta.catalog(connection))] if change.fields else []
    yield from (f"the catalog's {path.lstrip('/')} was changed" for path in moved)
    if change_set.guards is not None and meta.guards(connection) != change_set.expected_guards:
        yield "the guards were changed"


def _moved_clients(connection: Connection, change_set: ChangeSet) -> Iterator[str]:
    asked = [question for expectation in change_set.expectations for question in expectation.questions]
    lost = losses.known_to_questions(connection, asked, change_set.at)
    answers = iter(questions.answers(connection, asked, change_set.at, sample=0, lost=lost))
    for expectation in change_set.expectations:
        clients = sum(answer.count for answer in islice(answers, len(expectation.questions)))
        if clients > expectation.at_most:
            yield f"{expectation.what}: at most {expectation.at_most} were planned, {clients} now"


def _require_managed(change_set: ChangeSet, known: Mapping[str, StoredPackage]) -> None:
    for write in change_set.writes:
        if isinstance(write, ArchiveWrite) and not known[write.key].head.managed:
            raise BlockedError(
                f"package `{write.key}` was made by hand and is not managed by files (rule 9)",
                hint="Adopt it with a file of its key first.",
            )
