"""The database of an embedded platform: its file, its address, its opening; SQLite or PostgreSQL."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager, suppress
from os import O_CREAT, O_EXCL, O_RDWR, close
from os import open as os_open
from time import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from reconciler.errors import InvalidError, UnreachableError
from reconciler.state_folder import NAME, refuse_link, state_folder
from reconciler.store.database import Database
from reconciler.store.dialects import SCHEMA, schema_of
from reconciler.store.dialects import hosts_of as hosts_at
from reconciler.store.schema import HEAD, THIS_PROGRAM, Form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from reconciler.model.hosts import Host
    from reconciler.store.dialects import Address

_SQLITE_FILE: Final = b"SQLite format 3\0"
_NAME_ANOTHER: Final = "Restore it from a backup, or name another file under `platform` in reconciler.yaml."
_BESIDE: Final = ("-journal", "-wal", "-shm")
"""What SQLite writes beside a database, by names that nobody chose."""
_MAKING_SECONDS: Final = 60
"""An empty file may be one that another process is just making, for so long."""
SQLITE: Final = "sqlite:///"
_SCHEMA_NAME: Final = re.compile(r"(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}")
_FORM: Final = "Write postgresql://user@host:5432/database."
_PARAMETERS: Final = frozenset(
    {
        *("host", "hostaddr", "port", "target_session_attrs", "load_balance_hosts", "options"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
        *("sslmode", "sslnegotiation", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslsni"),
        *("channel_binding", "require_auth", "gssencmode", SCHEMA),
    }
)
"""What an address may state. Others name hosts where nobody looks for them (`service`, `conninfo`), a file
that keys are written to, or settings of the driver: not for a file that others may edit."""


class Place(Struct, frozen=True):
    """What a URL does not say.

    Attributes:
        root: The folder that paths count from.
        token: The password.
        program: What forms of the tables it can use.
    """

    root: Path
    token: str | None = None
    program: Form = THIS_PROGRAM


def create(path: Path) -> None:
    """Create the file, for its owner only since it holds addresses, and the folder that it is in."""
    try:
        _prepare(path)
        with suppress(FileExistsError):
            close(os_open(path, O_CREAT | O_EXCL | O_RDWR, 0o600))
        is_file = path.is_file()
        beginning = _beginning(path) if is_file else b""
        was_cut = is_file and not beginning and time() - path.stat().st_mtime > _MAKING_SECONDS
    except OSError as error:
        raise UnreachableError(
            f"the platform's file {path} cannot be created: {error.strerror}",
            hint="Check that its folder exists, can be written, and that nothing in it is a link.",
        ) from error
    if not is_file:
        raise UnreachableError(f"{path} is not a file", hint=_NAME_ANOTHER)
    if was_cut:
        raise UnreachableError(
            f"{path} is empty: what was in it is lost, or making it was interrupted",
            hint="Restore it from a backup; delete it where there was nothing in it, and it is made anew.",
        )
    if beginning not in {b"", _SQLITE_FILE}:
        # Asked here, since SQLite takes a file of a few bytes for an empty one, and writes over it.
        raise UnreachableError(f"{path} is damaged, or is not a platform's database", hint=_NAME_ANOTHER)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_SQLITE_FILE))


def _prepare(path: Path) -> None:
    """Make the folder; a link is followed only where the configuration names it as the database itself."""
    state = next((each for each in path.parents if each.name == NAME), None)
    if state is None:
        path.parent.mkdir(exist_ok=True)
    else:
        inside = path.parent.relative_to(state).parts
        refuse_link(state_folder(state.parent, *inside) / path.name)
    for suffix in _BESIDE:
        refuse_link(path.with_name(path.name + suffix))


@contextmanager
def opened(url: str, place: Place, *, creates: bool = False) -> Iterator[Database]:
    """Open the database at `url` in a form that the program can use, and close it at the end.

    A file is created and migrated by itself, since it has one user; a server's database only by
    `platform migrate`, but for an empty one where the caller `creates` a platform.
    """
    with reached(url, place) as database:
        form = database.form()
        is_new = form is None and creates
        if is_new or (url.startswith(SQLITE) and (form is None or form.version < place.program.version)):
            _migrate(database, url, place, form)
        database.require_fit()
        yield database


def migrated(url: str, place: Place, *, check: bool) -> tuple[str | None, str]:
    """Bring the database at `url` to the newest form, unless it is to be checked only; return both versions.

    Of a file a copy is kept beside it. Raises `UnreachableError` for a database of a newer program,
    `ContentionError` where another process migrates it at the same time.
    """
    with reached(url, place) as database:
        form = database.form()
        if form is not None and form.version > HEAD:
            database.require_fit()
        elif not check:
            _migrate(database, url, place, form)
    return None if form is None else form.version, HEAD


@contextmanager
def reached(url: str, place: Place) -> Iterator[Database]:
    """Give the database at `url` for the block, whatever its form."""
    with closing(Database(_address(url, place), place.program)) as database:
        yield database


def _migrate(database: Database, url: str, place: Place, form: Form | None) -> None:
    if form is not None and form.version < HEAD and url.startswith(SQLITE):
        _keep_copy(database, _path(url, place), form)
    database.migrate()


def _keep_copy(database: Database, path: Path, form: Form) -> None:
    """Keep a copy beside a file that is about to be migrated, named after the form that it has."""
    copy = path.with_name(f"{path.name}.{form.version}")
    try:
        copy.unlink(missing_ok=True)
        close(os_open(copy, O_CREAT | O_EXCL | O_RDWR, 0o600))
    except OSError as error:
        raise UnreachableError(
            f"{copy}, a copy of the platform as it was, cannot be made: {error.strerror}",
            hint="Nothing was migrated. Check that the folder can be written.",
        ) from error
    with database.looking() as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(copy),))


def hosts_of(url: str) -> tuple[Host, ...]:
    """Return the machines that are shown the password; raises `InvalidError` for a URL that is none."""
    if url.startswith(SQLITE):
        return ()
    try:
        return hosts_at(_server_at(url))
    except (ArgumentError, ValueError) as error:
        raise InvalidError("the platform's URL cannot be read", hint=_FORM) from error


def _path(url: str, place: Place) -> Path:
    return place.root / url.removeprefix(SQLITE)


def _address(url: str, place: Place) -> Address:
    if url.startswith(SQLITE):
        path = _path(url, place)
        create(path)
        return path
    address = _server_at(url)
    return address if place.token is None else address.set(password=place.token)


def _server_at(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidError("the platform's URL cannot be read", hint=_FORM) from error
    for name in sorted(address.query.keys() - _PARAMETERS):
        raise InvalidError(
            f"the platform's URL sets `{name}`, which is for whoever runs the command to decide",
            hint="Leave it out; libpq takes what it needs from variables, such as PGSERVICE or PGPASSFILE.",
        )
    if not _SCHEMA_NAME.fullmatch(schema_of(address) or ""):
        raise InvalidError(
            "the platform's URL names a schema that PostgreSQL cannot have, or keeps for itself",
            hint="Write ?schema= and up to 63 of a-z, 0-9 and _, with no digit first and not pg_.",
        )
    return address
