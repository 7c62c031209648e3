"""Bringing a database's tables to the form that this program reads."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, MetaData, Table, Text, inspect, select
from sqlalchemy.schema import CreateSchema

from reconciler.errors import UnreachableError
from reconciler.store import meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from reconciler.store.database import Database

HEAD: Final = "0003"
"""The newest migration; known without importing Alembic, so that an up-to-date database opens fast."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_VERSIONS: Final = Table("alembic_version", MetaData(), Column("version_num", Text))


def bring_up_to_date(database: Database) -> None:
    """Create or migrate the tables, where that is needed, and mint the lineage of a new platform.

    Raises `UnreachableError` for a database of a newer program, or of another one.
    """
    with database.reading() as connection:
        is_current = _version(connection, database) == HEAD
    if not is_current:
        with database.writing() as connection:
            _migrate(connection, database)


def _version(connection: Connection, database: Database) -> str | None:
    tables = inspect(connection).get_table_names(database.schema)
    if _VERSIONS.name in tables:
        return connection.execute(select(_VERSIONS.c.version_num)).scalar_one_or_none()
    if tables:
        raise UnreachableError(
            f"{database.where} is the database of another program",
            hint="Name another file under `platform` in reconciler.yaml.",
        )
    return None


def _migrate(connection: Connection, database: Database) -> None:
    from alembic import command  # noqa: PLC0415 - slow, and only needed here
    from alembic.config import Config  # noqa: PLC0415 - the same
    from alembic.util import CommandError  # noqa: PLC0415 - the same

    _version(connection, database)
    if database.schema is not None and not inspect(connection).has_schema(database.schema):
        connection.execute(CreateSchema(database.schema))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["schema"] = database.schema
    try:
        command.upgrade(config, HEAD)
    except CommandError as error:
        raise UnreachableError(
            f"{database.where} was written by a newer version of reconciler", hint="Upgrade reconciler."
        ) from error
    if meta.lineage(connection) is None:
        meta.write(connection, meta.LINEAGE, str(uuid.uuid4()))
