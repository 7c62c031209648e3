"""What a run says that it did: taken from what was done, not from what its sender says of it. Pure."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from reconciler.model.changesets import ArchiveWrite
from reconciler.model.plans import Action
from reconciler.planning.catalog import catalog_change
from reconciler.planning.loosening import GuardPair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import ChangeSet, PackageState, PackageWrite
    from reconciler.model.settings import Guards
    from reconciler.model.transfers import Returning


def told(change_set: ChangeSet, before: Mapping[str, PackageState]) -> Iterator[dict[str, Any]]:
    """Yield an entry per write and per move, each with the action that was done and the package's key.

    What else the sender's summary says of it, such as fields and figures, is kept; of what was not done,
    nothing is.
    """
    summaries: defaultdict[tuple[str, bool], deque[Mapping[str, Any]]] = defaultdict(deque)
    for change in change_set.changes:
        summaries[str(change.get("key")), change.get("action") == Action.REASSIGN].append(change)
    done = [(write.key, _action(write, before.get(write.origin))) for write in change_set.writes]
    done += [(move.who.package, Action.REASSIGN) for move in change_set.moves]
    for key, action in done:
        said = summaries[key, action is Action.REASSIGN]
        yield {**(said.popleft() if said else {}), "action": action.value, "key": key}


def told_back(back: Iterable[Returning]) -> Iterator[dict[str, Any]]:
    """Yield an entry per group of clients who came to hold something else one by one."""
    for each in back:
        moves = {
            "clients": each.clients,
            "to_package": each.to_package,
            "to_revision": each.to_revision,
            "term": each.term,
        }
        yield {"action": Action.REASSIGN.value, "key": each.package, "reassignment": moves}


def told_catalog(former: Catalog | None, catalog: Catalog | None) -> tuple[dict[str, Any], ...]:
    """Return what the catalog gained, lost or describes differently, whatever its sender says of it."""
    changed = catalog_change(catalog, former).fields
    return tuple(each.model_dump(mode="json", by_alias=True) for each in changed)


def told_guards(
    change_set: ChangeSet, former: Guards | None, holders: Callable[[], int]
) -> tuple[dict[str, Any], ...]:
    """Return the guards that differ from the recorded ones, and whether each lets more pass than before.

    `holders` counts clients with an active subscription, where that decides.
    """
    if change_set.guards is None:
        return ()
    pair = GuardPair(former, change_set.guards)
    loosened, tightened = pair.changes(holders() if pair.needs_holders else 0)
    return tuple(
        {**each.model_dump(mode="json", by_alias=True), "loosened": each in loosened}
        for each in (*loosened, *tightened)
    )


def _action(write: PackageWrite | ArchiveWrite, before: PackageState | None) -> Action:
    if before is None:
        return Action.CREATE
    is_archived = isinstance(write, ArchiveWrite) or write.archived
    if is_archived != before.archived:
        return Action.ARCHIVE if is_archived else Action.RESTORE
    return Action.UPDATE if write.origin == write.key else Action.RENAME
