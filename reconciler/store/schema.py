"""The form of a database's tables: which one it has, which programs may use it, how it becomes the newest.

A change of the tables expands first: what it adds, programs before it do without. What they need is taken
away one version later, and that migration states the first version whose programs do without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from sqlalchemy import Column, MetaData, Table, Text, inspect, select, update
from sqlalchemy.schema import CreateSchema, CreateTable

from reconciler.errors import UnreachableError
from reconciler.store import meta
from reconciler.store.dialects import ask_later, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


class Form(Struct, frozen=True):
    """What a schema, or a program, says of itself.

    Attributes:
        version: The migration that made the schema; the newest one that the program knows.
        oldest: The version of the oldest program that may use the schema; of the oldest schema that the
            program can use.
    """

    version: str
    oldest: str


HEAD: Final = "0003"
"""The newest migration; known without importing Alembic, so that an up-to-date database opens fast."""

THIS_PROGRAM: Final = Form(HEAD, oldest=HEAD)
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_MIGRATE: Final = "`reconciler platform migrate` brings it to the form that this program needs."
_STATED: Final = Table(
    "schema_version",
    MetaData(),
    Column("version_num", Text, primary_key=True),
    Column("oldest", Text),
)
"""A row that nothing but a migration writes, so that every write may read it. Alembic keeps the version."""


def stated(connection: Connection, where: str) -> Form | None:
    """Return what the schema says of itself; None for an empty one.

    Raises `UnreachableError` for the database of another program.
    """
    tables = inspect(connection).get_table_names(connection.schema_for_object(_STATED))
    if _STATED.name in tables:
        return read(connection)
    if tables:
        raise UnreachableError(
            f"{where} is the database of another program",
            hint="Name another file under `platform` in reconciler.yaml.",
        )
    return None


def require_fit(found: Form | None, program: Form, where: str) -> None:
    """Raise `UnreachableError` where the program must not use the schema that was found, or cannot."""
    if found is None or found.version < program.oldest:
        is_older = "has no platform yet" if found is None else f"is of schema {found.version}"
        raise UnreachableError(f"{where} {is_older}, and this program needs {program.oldest}", hint=_MIGRATE)
    if program.version < found.oldest:
        raise UnreachableError(
            f"{where} was written by a newer version of reconciler", hint="Upgrade reconciler."
        )


def read(connection: Connection) -> Form | None:
    """Return what the schema says of itself."""
    row = connection.execute(select(_STATED)).one_or_none()
    return None if row is None else Form(*row)


def keep_fit(connection: Connection, program: Form, where: str) -> None:
    """Have what comes next in the transaction raise, where `require_fit` does so: nothing waits for that."""
    names = ", ".join(_STATED.columns.keys())
    of_schema = quoted(connection.dialect, connection.schema_for_object(_STATED), _STATED)

    def hear(row: Sequence[str] | None) -> None:
        require_fit(None if row is None else Form(*row), program, where)

    ask_later(connection, f"SELECT {names} FROM {of_schema}", (), hear)  # noqa: S608 - names of our own


def upgrade(connection: Connection, target: str = HEAD) -> Form:
    """Create the tables or bring them to a newer form, and mint the lineage of a new platform."""
    from alembic import command  # noqa: PLC0415 - slow, and only needed here
    from alembic.config import Config  # noqa: PLC0415 - the same
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - the same

    schema = connection.schema_for_object(_STATED)
    if schema is not None and not inspect(connection).has_schema(schema):
        connection.execute(CreateSchema(schema))
    connection.execute(CreateTable(_STATED, if_not_exists=True))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes |= {"connection": connection, "table": _STATED.name, "schema": schema}
    command.upgrade(config, target)
    oldest = ScriptDirectory.from_config(config).get_revision(target).module.oldest
    connection.execute(update(_STATED).values(oldest=oldest))
    if meta.lineage(connection) is None:
        meta.mint_lineage(connection)
    return Form(target, oldest)
