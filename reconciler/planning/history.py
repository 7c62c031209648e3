"""The history of a package from the runs and the edits by hand that wrote it, under all keys that it had."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reconciler.model.events import BY_RUNS
from reconciler.model.history import HistoryEntry
from reconciler.model.plans import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from reconciler.model.changesets import PackageState, Run
    from reconciler.model.events import Event


def package_history(
    runs: Iterable[Run], edits: Callable[[str], Iterable[Event]], key: str
) -> tuple[HistoryEntry, ...]:
    """Return all that was done to the package that has `key` now, newest first.

    Args:
        runs: Newest first.
        edits: Returns what was done by hand to packages while they had a key.
        key: Followed through the renames to the keys that it had before.
    """
    found: list[HistoryEntry] = []
    until = None
    for run in runs:
        found += _of_run(run, key)
        if key in run.renamed:
            found += _by_hand(edits(key), run.at, until)
            key, until = run.renamed[key], run.at
    found += _by_hand(edits(key), None, until)
    return tuple(_since_created(sorted(found, key=lambda each: each.at, reverse=True)))


def _since_created(newest_first: Iterable[HistoryEntry]) -> Iterator[HistoryEntry]:
    """Leave out what was done to another package that had the key before this one was created."""
    for each in newest_first:
        yield each
        if each.before is None and each.after is not None:
            return


def of_event(event: Event) -> HistoryEntry:
    """Return what was done by hand; what a run restored counts as that run's."""
    is_by_run = event.kind in BY_RUNS
    return HistoryEntry(
        at=event.at,
        kind=event.kind,
        author=event.author,
        on_behalf_of=event.on_behalf_of,
        reason=event.reason,
        event=None if is_by_run else event.id,
        run=event.run if is_by_run else None,
        package=event.package,
        before=event.before,
        after=event.after,
    )


def _of_run(run: Run, key: str) -> Iterator[HistoryEntry]:
    moved = sum(_moved(change) for change in run.changes if change.get("key") == key)
    if key in run.after or moved:
        yield HistoryEntry(
            at=run.at,
            kind="run",
            author=run.actor,
            on_behalf_of=run.on_behalf_of,
            reason=run.reason,
            run=run.id,
            commit=run.commit,
            package=key,
            before=_state(run.before.get(run.renamed.get(key, key))),
            after=_state(run.after.get(key)),
            moved=moved,
        )


def _moved(change: Any) -> int:
    """Return how many holders a change of a run moved, as far as its record tells."""
    moves = change.get("reassignment")
    is_told = change.get("action") == Action.REASSIGN and isinstance(moves, dict)
    return int(moves.get("clients", 0)) if is_told else 0


def _state(state: PackageState | None) -> dict[str, Any] | None:
    return None if state is None else asdict(state)


def _by_hand(
    events: Iterable[Event], since: datetime | None, until: datetime | None
) -> Iterator[HistoryEntry]:
    for event in events:
        if (since is None or event.at > since) and (until is None or event.at <= until):
            yield of_event(event)
