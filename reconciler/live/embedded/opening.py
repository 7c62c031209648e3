"""Opening the database of an embedded platform, on SQLite or PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from reconciler.errors import InvalidError
from reconciler.live.embedded.files import create
from reconciler.store.database import Database
from reconciler.store.dialects import hosts_of as hosts_at
from reconciler.store.schema import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL

    from reconciler.model.hosts import Host
    from reconciler.store.dialects import Address

SQLITE: Final = "sqlite:///"
_FORM: Final = "Write postgresql://user@host:5432/database."
_OPERATORS: Final = frozenset({"service", "servicefile", "sslkeylogfile"})
"""What names other hosts, or a file that keys are written to: not for a file that others may edit."""


@contextmanager
def opened(url: str, *, root: Path, token: str | None) -> Iterator[Database]:
    """Open the database at `url` in the form that this program reads, and close it at the end."""
    database = Database(_address(url, root, token))
    try:
        bring_up_to_date(database)
        yield database
    finally:
        database.close()


def hosts_of(url: str) -> tuple[Host, ...]:
    """Return the machines that are shown the password; raises `InvalidError` for a URL that is none."""
    if url.startswith(SQLITE):
        return ()
    try:
        return hosts_at(_server_at(url))
    except (ArgumentError, ValueError) as error:
        raise InvalidError("the platform's URL cannot be read", hint=_FORM) from error


def _address(url: str, root: Path, token: str | None) -> Address:
    if url.startswith(SQLITE):
        path = root / url.removeprefix(SQLITE)
        create(path)
        return path
    address = _server_at(url)
    return address if token is None else address.set(password=token)


def _server_at(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidError("the platform's URL cannot be read", hint=_FORM) from error
    for name in _OPERATORS.intersection(address.query):
        raise InvalidError(
            f"the platform's URL sets `{name}`, which is for whoever runs the command to decide",
            hint="Leave it out; PGSERVICE names a service for one command.",
        )
    return address
