"""The change set that is being made, kept until all of it is known to be done or not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.errors import BlockedError, ContentionError
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ArchiveWrite
from reconciler.store import meta
from reconciler.wire.changesets import ChangeSetBody

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.live.beside.product import Seen
    from reconciler.model.changesets import ChangeSet, PackageWrite

_PENDING: Final = "pending"


def begin(connection: Connection, change_set: ChangeSet) -> None:
    """Keep a change set that is about to be made."""
    said = {
        "at": change_set.at.isoformat(),
        "on_behalf_of": change_set.on_behalf_of,
        "body": ChangeSetBody.of(change_set).model_dump_json(),
    }
    meta.write(connection, _PENDING, said)


def hold(connection: Connection, change_set: ChangeSet) -> None:
    """Have all who look at the product wait for the end of the transaction.

    Raises `ContentionError` where somebody looked since the change set was begun, and ended it.
    """
    found = pending(connection)
    if found is None or found.plan_hash != change_set.plan_hash:
        raise ContentionError("others looked at the product at the same time", hint="Try again.")


def pending(connection: Connection) -> ChangeSet | None:
    """Return the change set that was begun and not ended, once nobody holds it."""
    said = meta.read_alone(connection, _PENDING)
    if said is None:
        return None
    body = ChangeSetBody.model_validate_json(said["body"])
    whole = body.value(body.actor, datetime.fromisoformat(said["at"]))
    return replace(whole, on_behalf_of=said["on_behalf_of"])


def end(connection: Connection) -> None:
    """Forget it."""
    meta.forget(connection, _PENDING)


def done_of(change_set: ChangeSet, seen: Seen) -> ChangeSet:
    """Return the part that the product shows as made; settings that need the whole wait for the rest."""
    done = tuple(write for write in change_set.writes if is_done(write, seen))
    if len(done) == len(change_set.writes):
        return change_set
    left = {key for write in change_set.writes if write not in done for key in (write.key, write.origin)}
    return replace(
        change_set,
        writes=done,
        moves=tuple(move for move in change_set.moves if move.who.package not in left),
        expected_catalog=_described_anew(change_set),
        guards=None,
        parks=tuple(each for each in change_set.parks if each.subject not in left),
        releases=tuple(each for each in change_set.releases if each.subject not in left),
    )


def in_turn(change_set: ChangeSet) -> list[PackageWrite | ArchiveWrite]:
    """Return the writes in an order in which each key is free before another package takes it.

    Raises `BlockedError` where packages swap keys, which only a transaction can do.
    """
    renames = [write for write in change_set.writes if write.key != write.origin]
    ordered: list[PackageWrite | ArchiveWrite] = []
    while renames:
        taken = {write.origin for write in renames}
        free = [write for write in renames if write.key not in taken]
        if not free:
            keys = " and ".join(sorted(taken))
            raise BlockedError(
                f"packages swap the keys {keys}, which takes a platform with change sets",
                hint="Rename one of them to a key of its own first, and apply that.",
            )
        ordered += free
        renames = [write for write in renames if write not in free]
    return ordered + [write for write in change_set.writes if write.key == write.origin]


def is_done(write: PackageWrite | ArchiveWrite, seen: Seen) -> bool:
    """Whether the product shows the package as the write wants it."""
    package = seen.packages.get(write.key)
    if package is None:
        return False
    if isinstance(write, ArchiveWrite):
        return package.archived
    return (package.definition, package.archived) == (write.definition, write.archived)


def _described_anew(change_set: ChangeSet) -> Catalog:
    """Return the terms that were expected, but for those that go: what is not written may need them."""
    new, old = change_set.catalog, change_set.expected_catalog
    return Catalog(
        {key: each for key, each in old.features.items() if key in new.features},
        {key: each for key, each in old.limits.items() if key in new.limits},
    )
