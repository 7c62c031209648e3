"""Statements on packages and their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from sqlalchemy import Text, and_, bindparam, func, select, type_coerce, update

from reconciler.model.packages import Definition, PackageHead, RevisionRef, canonical_json
from reconciler.store import meta, tables
from reconciler.store.bulk import insert_all, selecting
from reconciler.store.columns import instant_of, microseconds
from reconciler.store.dialects import IN_LIMIT, ask_later, chunks
from reconciler.store.lists import binding, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

_PACKAGES: Final = tables.packages.c
_REVISIONS: Final = tables.revisions.c
_ON_ITS_WAY: Final = "/renamed/"

_WANTED: Final = "wanted"
_ONE_DEFINITION: Final = select(_REVISIONS.definition).where(
    _REVISIONS.package_id == bindparam("package"), _REVISIONS.number == bindparam("revision")
)


def _named() -> Select[Any]:
    named = listed(_WANTED, ("package_id", "revision"))
    is_named = and_(_REVISIONS.package_id == named.c.package_id, _REVISIONS.number == named.c.revision)
    return select(tables.revisions).join(named, is_named)


_NAMED: Final = _named()


class StoredPackage(Struct, frozen=True):
    """A package and the number that other tables know it by; a rename keeps the number."""

    id: int
    head: PackageHead


class Contents(Struct, frozen=True):
    """What a package is to be.

    Attributes:
        is_applied: Whether an apply writes it, and not somebody by hand.
    """

    key: str
    definition: Definition
    archived: bool
    managed: bool
    is_applied: bool = False


def heads(connection: Connection) -> tuple[PackageHead, ...]:
    """Return every package, sorted by key."""
    rows = connection.execute(select(tables.packages).order_by(_PACKAGES.key))
    return tuple(_stored(row).head for row in rows)


def stored(connection: Connection, keys: Collection[str]) -> dict[str, StoredPackage]:
    """Return the packages that exist among these, by key."""
    found = {}
    for chunk in chunks(keys):
        for row in connection.execute(select(tables.packages).where(_PACKAGES.key.in_(chunk))):
            found[row.key] = _stored(row)
    return found


def stored_later(connection: Connection, key: str) -> Callable[[], StoredPackage | None]:
    """Return what gives one package, or None, once the next statement is answered."""
    query = selecting(connection, tables.packages, tuple(_PACKAGES.keys()), "key")
    return ask_later(connection, query, (key,), _told)


def definition(connection: Connection, package_id: int, number: int) -> Definition | None:
    """Return one revision's definition; None where there is no such revision."""
    of_revision = {"package": package_id, "revision": number}
    document = connection.execute(_ONE_DEFINITION, of_revision).scalar_one_or_none()
    return None if document is None else Definition.normalised(document)


def by_digest(connection: Connection, revisions: Collection[tuple[int, int]]) -> dict[str, Definition]:
    """Return the definitions of some hundred revisions, each named by its package's id and its number."""
    rows = connection.execute(_NAMED, binding(_WANTED, sorted(set(revisions))))
    return {row.digest: Definition.normalised(row.definition) for row in rows}


def definitions(connection: Connection, wanted: Collection[RevisionRef]) -> dict[RevisionRef, Definition]:
    """Return the definitions of the revisions that exist among these."""
    known = stored(connection, {ref.key for ref in wanted})
    refs = {(known[ref.key].id, ref.revision): ref for ref in wanted if ref.key in known}
    rows = connection.execute(_NAMED, binding(_WANTED, list(refs)))
    return {refs[row.package_id, row.number]: Definition.normalised(row.definition) for row in rows}


def granting(connection: Connection, key: str) -> list[tuple[int, int]]:
    """Return the revisions that grant a feature, a limit or a cap, by their packages' ids and numbers."""
    each = tables.revisions.c
    naming = type_coerce(each.definition, Text).contains(canonical_json(key), autoescape=True)
    rows = connection.execute(select(each.package_id, each.number, each.definition).where(naming))
    found = ((row.package_id, row.number, Definition.normalised(row.definition)) for row in rows)
    return sorted((id_, number) for id_, number, made in found if key in {*made.features, *made.amounts})


def reserved_to(connection: Connection, email: str) -> list[tuple[str, int]]:
    """Return the revisions whose list of allowed e-mails has an address, by their packages' present keys."""
    each = tables.revisions.c
    naming = type_coerce(each.definition, Text).contains(canonical_json(email), autoescape=True)
    statement = select(_PACKAGES.key, each.number, each.definition).join(
        tables.revisions, each.package_id == _PACKAGES.id
    )
    rows = connection.execute(statement.where(naming).order_by(_PACKAGES.key, each.number))
    return [
        (row.key, row.number)
        for row in rows
        if email in (Definition.normalised(row.definition).allowed_emails or ())
    ]


def free_keys(connection: Connection, package_ids: Collection[int]) -> None:
    """Free the keys of packages that are about to be renamed, so that two can swap theirs."""
    for package_id in package_ids:
        key = f"{_ON_ITS_WAY}{package_id}"
        connection.execute(update(tables.packages).where(_PACKAGES.id == package_id).values(key=key))


def write(
    connection: Connection, writes: Sequence[tuple[Contents, StoredPackage | None]], at: datetime
) -> tuple[PackageHead, ...]:
    """Make packages be exactly this, new ones where there was none (None).

    A revision is minted exactly where the definition differs from the current one.
    """
    first_id = _next_id(connection)
    written = [_written(contents, before, first_id + i) for i, (contents, before) in enumerate(writes)]
    created = [_columns(package) for package, (_, before) in zip(written, writes, strict=True) if not before]
    changed = [_columns(package) for package, (_, before) in zip(written, writes, strict=True) if before]
    minted = [
        _revision(package, contents.definition, at)
        for package, (contents, before) in zip(written, writes, strict=True)
        if before is None or before.head.digest != package.head.digest
    ]
    insert_all(connection, tables.packages, [tuple(columns.values()) for columns in created])
    if changed:
        rewrite = update(tables.packages).where(_PACKAGES.id == bindparam("known"))
        connection.execute(rewrite, [{**columns, "known": columns["id"]} for columns in changed])
    insert_all(connection, tables.revisions, minted)
    meta.mark_written(connection)
    return tuple(package.head for package in written)


def archive(connection: Connection, package: StoredPackage) -> None:
    """Archive a package on behalf of an apply; its definition stays."""
    values = {
        "archived": True,
        "version": package.head.version + 1,
        "applied_digest": package.head.digest,
        "applied_archived": True,
    }
    connection.execute(update(tables.packages).where(_PACKAGES.id == package.id).values(values))
    meta.mark_written(connection)


def note_step(connection: Connection, key: str, at: datetime) -> None:
    """Note that a rollout moved holders to the current revision."""
    connection.execute(update(tables.packages).where(_PACKAGES.key == key).values(stepped_at=at))


def title_clashes(connection: Connection, keys: Collection[str]) -> list[tuple[str, str]]:
    """Return pairs of packages, one of them in `keys`, that have the same title but for case.

    Archived packages are left out.
    """
    other = tables.packages.alias("other")
    same = and_(_PACKAGES.folded_title == other.c.folded_title, _PACKAGES.id != other.c.id)
    statement = (
        select(_PACKAGES.key, other.c.key)
        .select_from(tables.packages.join(other, same))
        .where(~_PACKAGES.archived, ~other.c.archived)
        .order_by(_PACKAGES.key, other.c.key)
    )
    return [
        (mine, theirs)
        for chunk in chunks(keys)
        for mine, theirs in connection.execute(statement.where(_PACKAGES.key.in_(chunk)))
    ]


def near(connection: Connection, key: str) -> list[str]:
    """Return keys that start like `key`, for near misses; bounded."""
    statement = select(_PACKAGES.key).where(func.substr(_PACKAGES.key, 1, 1) == key[:1]).limit(IN_LIMIT)
    return list(connection.execute(statement).scalars())


def _next_id(connection: Connection) -> int:
    newest: int | None = connection.execute(select(func.max(_PACKAGES.id))).scalar_one()
    return (newest or 0) + 1


def _written(contents: Contents, before: StoredPackage | None, new_id: int) -> StoredPackage:
    head = _head(contents, before.head if before else None)
    return StoredPackage(before.id if before else new_id, head)


def _revision(package: StoredPackage, definition: Definition, at: datetime) -> tuple[object, ...]:
    return (
        package.id,
        package.head.revision,
        canonical_json(definition.as_document()),
        package.head.digest,
        definition.grants_digest,
        microseconds(at),
    )


def _head(contents: Contents, former: PackageHead | None) -> PackageHead:
    digest = contents.definition.digest
    applied = former and (former.applied_digest, former.applied_archived)
    if contents.is_applied:
        applied = (digest, contents.archived)
    applied_digest, applied_archived = applied or (None, False)
    return PackageHead(
        key=contents.key,
        revision=former.revision + (digest != former.digest) if former else 1,
        version=former.version + 1 if former else 1,
        digest=digest,
        title=contents.definition.title,
        archived=contents.archived,
        managed=contents.managed,
        applied_digest=applied_digest,
        applied_archived=applied_archived,
        stepped_at=former.stepped_at if former and former.digest == digest else None,
    )


def _columns(package: StoredPackage) -> dict[str, object]:
    head = package.head
    return {
        "id": package.id,
        "key": head.key,
        "title": head.title,
        "folded_title": head.title.casefold(),
        "revision": head.revision,
        "version": head.version,
        "digest": head.digest,
        "archived": head.archived,
        "managed": head.managed,
        "applied_digest": head.applied_digest,
        "applied_archived": head.applied_archived,
        "stepped_at": head.stepped_at,
    }


def _told(row: Sequence[Any] | None) -> StoredPackage | None:
    """Return a package of a driver's row, which knows no types of ours."""
    if row is None:
        return None
    told = dict(zip(_PACKAGES.keys(), row, strict=True))
    told |= {name: bool(told[name]) for name in ("archived", "managed", "applied_archived")}
    if told["stepped_at"] is not None:
        told["stepped_at"] = instant_of(told["stepped_at"])
    return _stored(tuple(told.values()))


def _stored(row: Sequence[Any]) -> StoredPackage:
    """Take all columns in their order: by its name, each costs as much as the whole row."""
    id_, key, title, _, revision, version, digest, archived, managed, *applied = row
    return StoredPackage(id_, PackageHead(key, revision, version, digest, title, archived, managed, *applied))
