"""Opening the database of an embedded platform, on SQLite or PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from reconciler.errors import InvalidError
from reconciler.live.embedded.files import create
from reconciler.store.database import Database
from reconciler.store.schema import bring_up_to_date

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.store.dialects import Address

SQLITE: Final = "sqlite:///"


@contextmanager
def opened(url: str, *, root: Path, token: str | None) -> Iterator[Database]:
    """Open the database at `url` in the form that this program reads, and close it at the end."""
    database = Database(_address(url, root, token))
    try:
        bring_up_to_date(database)
        yield database
    finally:
        database.close()


def _address(url: str, root: Path, token: str | None) -> Address:
    if url.startswith(SQLITE):
        path = root / url.removeprefix(SQLITE)
        create(path)
        return path
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise InvalidError(
            "the platform's URL cannot be read", hint="Write postgresql://user@host:5432/database."
        ) from error
    return address if token is None else address.set(password=token)
