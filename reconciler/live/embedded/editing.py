"""Editing packages by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import BlockedError
from reconciler.live import naming
from reconciler.live.embedded.guarding import Edit, Judge, strictest
from reconciler.live.rules import refused_definition
from reconciler.model.forms import require
from reconciler.store import events, meta, packages
from reconciler.store.events import Deed
from reconciler.store.packages import Contents

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.rules import Refusal
    from reconciler.model.catalog import Catalog
    from reconciler.model.events import Author
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.settings import Guards


def edit(  # noqa: PLR0913 - what, how, when, by whom, and what bounds it
    connection: Connection,
    key: str,
    definition: Definition,
    at: datetime,
    *,
    archived: bool,
    by: Author,
    floor: Guards | None = None,
) -> PackageHead:
    """Write a package by hand: a new one is unmanaged, an existing one keeps whether it is managed.

    The guards of the last apply, and of the floor, hold as they do for an apply; nothing lets one pass.
    """
    require(naming.of_package(key, definition))
    if not archived:
        require_definable(key, definition, meta.catalog(connection))
    current = packages.stored(connection, [key]).get(key)
    head = note(connection, key, definition, at, archived=archived, by=by)
    require_distinct_titles(connection, [key])
    guards = strictest((meta.guards(connection), floor), 0)
    if guards is not None and current is not None:
        edited = Edit(key, current, definition, archived and not current.head.archived)
        Judge(guards, 0, at, by_hand=True).of_edits(connection, [edited])
    return head


def note(  # noqa: PLR0913 - what, how, when and by whom
    connection: Connection,
    key: str,
    definition: Definition,
    at: datetime,
    *,
    archived: bool,
    by: Author,
    is_applied: bool = False,
) -> PackageHead:
    """Write down what a package is, whatever rules it breaks; one that is managed stays so.

    `is_applied`: an apply from files left it so.
    """
    current = packages.stored(connection, [key]).get(key)
    is_managed = is_applied or (current is not None and current.head.managed)
    contents = Contents(key, definition, archived=archived, managed=is_managed, is_applied=is_applied)
    (head,) = packages.write(connection, [(contents, current)], at)
    before = None if current is None else _state(current.head)
    events.record(connection, [Deed("edit", package=key, before=before, after=_state(head))], by, at)
    return head


def _state(head: PackageHead) -> dict[str, Any]:
    state = {"revision": head.revision, "archived": head.archived, "managed": head.managed}
    return {**state, "digest": head.digest}


def require_definable(key: str, definition: Definition, catalog: Catalog | None) -> None:
    """Raise `BlockedError` where no package may be defined like this."""
    require_allowed(refused_definition(key, definition, catalog))


def require_allowed(refusal: Refusal | None) -> None:
    """Raise `BlockedError` where a rule says why something may not be."""
    if refusal is not None:
        raise BlockedError(refusal.message, hint=refusal.fix)


def require_distinct_titles(connection: Connection, written: Collection[str]) -> None:
    """Raise `BlockedError` where one of these packages has the title of another that is not archived."""
    for mine, theirs in packages.title_clashes(connection, written):
        raise BlockedError(
            f"packages `{mine}` and `{theirs}` would have the same title",
            hint="Change one of the titles, or archive the other package.",
        )
