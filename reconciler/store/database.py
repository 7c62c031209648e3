"""A database: transactions on it, and its failures in our own words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError

from reconciler.errors import InvalidError, UnreachableError
from reconciler.store.dialects import BUSY_SECONDS, Fault, fault_of, sqlite_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

_REASONS: Final[dict[Fault, tuple[str, str]]] = {
    "busy": (
        f"another process is using {{where}}, still after {BUSY_SECONDS} seconds",
        "Wait until it has finished, then try again; nothing was written.",
    ),
    "read-only": ("{where} cannot be written", "Check the permissions of the file and of its folder."),
    "corrupt": (
        "{where} is damaged, or is not a platform's database",
        "Restore it from a backup, or name another file under `platform` in reconciler.yaml.",
    ),
    "full": ("the disk of {where} is full", "Free some space, then try again; nothing was written."),
    "unopenable": ("{where} cannot be opened", "Check that its folder exists and can be written."),
    "other": ("{where} failed", "Nothing was written; the database said: {error}"),
}


class Database:
    """The database of one platform. Its methods raise `UnreachableError` where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._engine = sqlite_engine(path)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in one transaction, which sees one state of the database."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Read and write in one transaction that excludes other writers from its start; all or nothing."""
        with (
            self._translated(),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            message, hint = _REASONS[fault_of(error.orig)]
            names = {"where": self.where, "error": error.orig}
            raise UnreachableError(message.format(**names), hint=hint.format(**names)) from error
        except UnicodeEncodeError as error:
            raise InvalidError(
                f"text that is not valid Unicode: {error.object!a:.80}",
                hint="Remove lone surrogates such as \\ud800 from it.",
            ) from error
        except OverflowError as error:
            raise InvalidError(
                "a number is too large to be stored", hint="The largest is 9,007,199,254,740,991."
            ) from error
