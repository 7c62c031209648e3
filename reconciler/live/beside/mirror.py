"""What the product shows becomes what the store has: edits and holders that nobody told us of."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.live import naming
from reconciler.live.beside.product import Package
from reconciler.live.embedded import apply, client_imports, editing, lookup
from reconciler.model.changesets import ChangeSet, Move
from reconciler.model.clients import EVERYBODY, ClientLine
from reconciler.model.events import Author
from reconciler.model.forms import require
from reconciler.model.packages import RevisionRef, digest_of
from reconciler.model.questions import ClientQuestion
from reconciler.store import imports, meta, packages, subscriptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.beside.product import Seen
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition, PackageHead

_BY_HAND: Final = "Found in the product: somebody changed it there."
_CUT_OFF: Final = "Found in the product after an apply of it was cut off."
_OWNER: Final = "unknown@{kind}.example"
"""The address of a client who was added in the product, which keeps none."""


def take(
    connection: Connection, seen: Seen, at: datetime, kind: str, unfinished: Collection[str] = ()
) -> None:
    """Write down all that differs; packages that an apply left `unfinished` are as that apply left them.

    Nothing is written where nothing differs.
    """
    by = Author(kind, reason=_BY_HAND)
    known = _known(connection)
    for key in sorted(seen.packages.keys() | known.keys()):
        new, old = seen.packages.get(key), known.get(key)
        if new is not None and (old is None or old[0] != new.definition):
            is_archived, is_ours = old is not None and old[1], key in unfinished
            stated = replace(new, archived=is_archived)
            author = replace(by, reason=_CUT_OFF) if is_ours else by
            _note(connection, key, stated, at, author, is_applied=is_ours)
    _take_holders(connection, seen.holders, at, by)
    for key, (definition, is_archived) in _known(connection).items():
        should = _is_archived(seen.packages.get(key))
        if should != is_archived:
            _note(connection, key, Package(definition, should), at, by)


def _note(  # noqa: PLR0913 - what, when, by whom and whose
    connection: Connection, key: str, package: Package, at: datetime, by: Author, *, is_applied: bool = False
) -> None:
    """Write a package by hand, and have all who hold it follow."""
    definition, archived = package.definition, package.archived
    require(naming.of_package(key, definition))
    head = editing.note(connection, key, definition, at, archived=archived, by=by, is_applied=is_applied)
    follow(connection, head, at, by)


def follow(connection: Connection, head: PackageHead, at: datetime, by: Author) -> None:
    """Have all who hold a package hold its current revision."""
    held = subscriptions.holdings(connection, [head.key], at).get(head.key, {})
    left = tuple(sorted(held.keys() - {head.revision}))
    if left:
        _record_following(connection, ClientQuestion(head.key, left), at, by)
    subscriptions.follow(connection, [head.key])


def _record_following(connection: Connection, who: ClientQuestion, at: datetime, by: Author) -> None:
    """Record as a run whom an edit by hand reached: what they lost by it counts for the guards."""
    change_set = ChangeSet(
        plan_hash=digest_of(secrets.token_hex()),
        lineage=meta.lineage(connection) or "",
        at=at,
        actor=by.name,
        on_behalf_of=by.on_behalf_of,
        environment=by.name,
        moves=(Move(who, None),),
    )
    apply.apply(connection, change_set, reaches_everybody=True, is_done=True)


def _take_holders(connection: Connection, holders: Mapping[str, str], at: datetime, by: Author) -> None:
    everybody = lookup.stream(connection, at, package_id=None, outdated=False, only=EVERYBODY)
    known = {each.id: each for each in everybody}
    lines = [*_lines(holders, known, _OWNER.format(kind=by.name))]
    if not lines:
        return
    with imports.met() as met:
        intake = client_imports.Intake(connection, at, by, "import")
        intake.take(lines, met)
    intake.require_good()
    intake.record()


def _lines(holders: Mapping[str, str], known: Mapping[str, Client], owner: str) -> Iterator[ClientLine]:
    for number, id_ in enumerate(sorted(holders.keys() | known.keys()), 1):
        client, package = known.get(id_), holders.get(id_)
        if client is None:
            yield ClientLine(id_, number, name=id_, owner_email=owner, package=package)
        elif package is None and client.status == "active":
            yield ClientLine(id_, number, status="disabled")
        elif package is not None and (client.status, client.subscription.package) != ("active", package):
            yield ClientLine(id_, number, status="active", package=package)


def _known(connection: Connection) -> dict[str, tuple[Definition, bool]]:
    heads = {head.key: head for head in packages.heads(connection)}
    refs = [RevisionRef(head.key, head.revision) for head in heads.values()]
    found = packages.definitions(connection, refs)
    return {ref.key: (definition, heads[ref.key].archived) for ref, definition in found.items()}


def _is_archived(package: Package | None) -> bool:
    return package is None or package.archived
