"""What the platform knows of itself: its lineage, the guards of the last apply, the catalog."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from reconciler.model.catalog import Catalog
from reconciler.model.changesets import Parked
from reconciler.model.settings import Guards
from reconciler.store import tables
from reconciler.store.bulk import selecting
from reconciler.store.dialects import ask_later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

LINEAGE: Final = "lineage"
_GUARDS: Final = "guards"
_PARKED: Final = "parked"
_STATE: Final = "state"
_MET: Final[dict[str, Catalog | None]] = {}


def lineage(connection: Connection) -> str | None:
    """Return the UUID of this store; None before it is minted."""
    value: str | None = read(connection, LINEAGE)
    return value


def mint_lineage(connection: Connection) -> str:
    """Give this store a new UUID, and return it."""
    minted = str(uuid.uuid4())
    write(connection, LINEAGE, minted)
    return minted


def guards(connection: Connection) -> Guards | None:
    """Return the guards that the last apply recorded; None where none did."""
    document = read(connection, _GUARDS)
    return None if document is None else Guards.of(document)


def write_guards(connection: Connection, new: Guards) -> None:
    """Replace the guards."""
    write(connection, _GUARDS, new.as_document())
    mark_written(connection)


def catalog(connection: Connection) -> Catalog | None:
    """Return the live catalog; None where none was ever written."""
    document = connection.execute(select(tables.catalog.c.document)).scalar_one_or_none()
    return None if document is None else Catalog.normalised(document)


def catalog_later(connection: Connection) -> Callable[[], Catalog | None]:
    """Return what gives the live catalog once the next statement is answered.

    One that was met before is kept: what a digest stands for never changes.
    """
    query = selecting(connection, tables.catalog, ("digest",))
    digest = ask_later(connection, query, (), lambda row: None if row is None else str(row[0]))

    def found() -> Catalog | None:
        wanted = digest()
        if wanted is None:
            return None
        known = _MET.get(wanted)
        if known is None:
            known = catalog(connection)
            _MET.clear()
            _MET[wanted] = known
        return known

    return found


def write_catalog(connection: Connection, new: Catalog) -> None:
    """Replace the catalog."""
    connection.execute(delete(tables.catalog))
    values = {"id": 1, "document": new.as_document(), "digest": new.digest}
    connection.execute(insert(tables.catalog).values(values))
    mark_written(connection)


def parked(connection: Connection) -> tuple[Parked, ...]:
    """Return what rollbacks parked, by subject."""
    return tuple(Parked(*each) for each in read(connection, _PARKED) or ())


def write_parked(connection: Connection, parked: Iterable[Parked]) -> None:
    """Replace what is parked."""
    rows = sorted((each.subject, each.file, each.run) for each in parked)
    write(connection, _PARKED, rows)


def state_token(connection: Connection) -> str:
    """Return what every run, and every write to packages, catalog or guards, changes."""
    return str(read(connection, _STATE) or "")


def mark_written(connection: Connection) -> None:
    """Mint a new state token."""
    write(connection, _STATE, secrets.token_hex(16))


def write(connection: Connection, name: str, value: Any) -> None:
    """Replace one entry by a JSON value."""
    connection.execute(delete(tables.meta).where(tables.meta.c.name == name))
    connection.execute(insert(tables.meta).values(name=name, value=value))


def read(connection: Connection, name: str) -> Any:
    """Return one entry; None where it was never written."""
    statement = select(tables.meta.c.value).where(tables.meta.c.name == name)
    return connection.execute(statement).scalar_one_or_none()


def read_alone(connection: Connection, name: str) -> Any:
    """Return one entry, which others who read it so wait for until the transaction has ended."""
    statement = select(tables.meta.c.value).where(tables.meta.c.name == name).with_for_update()
    return connection.execute(statement).scalar_one_or_none()


def forget(connection: Connection, name: str) -> None:
    """Delete one entry."""
    connection.execute(delete(tables.meta).where(tables.meta.c.name == name))
