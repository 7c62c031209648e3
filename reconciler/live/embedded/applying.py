"""Applying a change set within one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.live.embedded import checking, moving
from reconciler.live.embedded.editing import require_definable, require_distinct_titles
from reconciler.live.telling import told
from reconciler.model.changesets import ArchiveWrite, PackageState, PackageWrite, Run
from reconciler.store import meta, packages, runs
from reconciler.store.packages import Contents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from reconciler.model.changesets import ChangeSet
    from reconciler.store.packages import StoredPackage


def apply(connection: Connection, change_set: ChangeSet) -> Run:
    """Check, write, move, and record the run; or return the run that this plan had before."""
    checking.require_lineage(connection, change_set)
    earlier = runs.of_plan(connection, change_set.plan_hash)
    if earlier is not None:
        return earlier
    known = packages.stored(connection, checking.keys_of(change_set))
    checking.require_unmoved(connection, change_set, known)
    _write_vocabulary(connection, change_set)
    _write_packages(connection, change_set, known)
    run = _run(connection, change_set, known)
    runs.record(connection, run)
    moving.move_all(connection, change_set, run.id)
    return runs.by_id(connection, run.id) or run


def _write_vocabulary(connection: Connection, change_set: ChangeSet) -> None:
    if change_set.catalog is not None:
        meta.write_catalog(connection, change_set.catalog)
    if change_set.protected is not None:
        meta.write_protected(connection, change_set.protected)


def _write_packages(
    connection: Connection, change_set: ChangeSet, known: Mapping[str, StoredPackage]
) -> None:
    renamed = [write.origin for write in change_set.writes if write.origin != write.key]
    packages.park(connection, [known[key].id for key in renamed])
    catalog = meta.catalog(connection)
    contents = []
    for write in change_set.writes:
        match write:
            case PackageWrite():
                require_definable(write.key, write.definition, catalog)
                contents.append((_contents(write), _before(write, known)))
            case ArchiveWrite():
                packages.archive(connection, known[write.key])
    packages.write(connection, contents, change_set.at)
    require_distinct_titles(connection, [write.key for write in change_set.writes])


def _contents(write: PackageWrite) -> Contents:
    return Contents(write.key, write.definition, archived=write.archived, managed=True, is_applied=True)


def _before(write: PackageWrite, known: Mapping[str, StoredPackage]) -> StoredPackage | None:
    return None if write.expected_version is None else known[write.origin]


def _run(connection: Connection, change_set: ChangeSet, known: Mapping[str, StoredPackage]) -> Run:
    origins = {write.key: write.origin for write in change_set.writes}
    existed = {origins[write.key] for write in change_set.writes if write.expected_version is not None}
    written = packages.stored(connection, origins.keys())
    before = {key: _state(known[key]) for key in sorted(existed)}
    return Run(
        id=runs.next_id(connection),
        plan_hash=change_set.plan_hash,
        at=change_set.at,
        actor=change_set.actor,
        environment=change_set.environment,
        on_behalf_of=change_set.on_behalf_of,
        commit=change_set.commit,
        allowed=change_set.allowed,
        changes=tuple(told(change_set, before)),
        before=before,
        after={key: _state(package) for key, package in sorted(written.items())},
        renamed={key: old for key, old in sorted(origins.items()) if old != key},
    )


def _state(package: StoredPackage) -> PackageState:
    head = package.head
    return PackageState(head.revision, archived=head.archived, managed=head.managed)
