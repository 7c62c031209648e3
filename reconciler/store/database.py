"""A database: transactions on it, and its failures in our own words."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from reconciler.errors import ContentionError, InvalidError, UnreachableError
from reconciler.model.secrets import without_secrets
from reconciler.store.dialects import BUSY_SECONDS, Fault, engine_of, fault_of, lock, name_of
from reconciler.store.schema import HEAD, THIS_PROGRAM, Form, keep_fit, require_fit, stated, upgrade

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection, Table

    from reconciler.store.dialects import Address, Kind

_REASONS: Final[dict[Fault, tuple[str, str]]] = {
    "busy": (
        f"another process is using {{where}}, still after {BUSY_SECONDS} seconds",
        "Wait until it has finished, then try again; nothing was written.",
    ),
    "contention": ("others wrote to {where} at the same time", "Try again; nothing was written."),
    "read-only": (
        "{where} cannot be written",
        "Check the permissions that you have there, and that it is no standby.",
    ),
    "corrupt": (
        "{where} is damaged, or is not a platform's database",
        "Restore it from a backup, or name another file under `platform` in reconciler.yaml.",
    ),
    "full": ("the disk of {where} is full", "Free some space, then try again; nothing was written."),
    "disk": (
        "the disk of {where} refused to be read or written",
        "Look at its space and at how large a file may be. Nothing was written; the database said: {error}",
    ),
    "unopenable": ("{where} cannot be opened", "Check that it exists and can be written."),
    "refused": (
        "{where} refused the credentials",
        "Check user and password: PGUSER and PGPASSWORD, or the variable that `token_env` names.",
    ),
    "lost": (
        "{where} is out of reach, or was lost before it answered{said}",
        "Try again when it is back. A plan is applied at most once, however often it is tried.",
    ),
    "other": (
        "{where} failed",
        "Nothing was written. If it stays so, restore it from a backup; the database said: {error}",
    ),
}


_LONGEST: Final = 300


class Database:
    """The database of one platform. Its methods raise `UnreachableError` where it cannot be used."""

    def __init__(self, address: Address, program: Form = THIS_PROGRAM) -> None:
        self.where = name_of(address)
        self._program = program
        self._engine = engine_of(address)
        self._thread = threading.local()

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @property
    def in_use(self) -> int:
        """How many connections are in use."""
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    @property
    def is_joined(self) -> bool:
        """Whether this thread is within `joined`, so that what fails is undone and tried anew there."""
        return self._outer() is not None

    @property
    def was_undone(self) -> bool:
        """Whether this thread's last write failed since others wrote at the same time."""
        return getattr(self._thread, "was_undone", False)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Read by one statement alone, which sees one state without a transaction."""
        with self._transaction("look") as connection:
            yield connection

    @contextmanager
    def looking_together(self) -> Iterator[Connection]:
        """Read by statements that need not see one state; so does everything on this thread, in the block."""
        with self._transaction("look") as connection, self._shared(connection):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in one transaction, which sees one state of the database."""
        with self._transaction("read") as connection:
            yield connection

    def form(self) -> Form | None:
        """Return what the schema says of itself; None where there is none yet."""
        with self.reading() as connection:
            return stated(connection, self.where)

    def require_fit(self) -> None:
        """Raise `UnreachableError` where this program must not use the schema, or cannot."""
        require_fit(self.form(), self._program, self.where)

    def migrate(self, target: str = HEAD) -> None:
        """Create the tables, or bring them to a newer form; nothing is done where they have it.

        Raises `ContentionError` where another process does the same at the same time.
        """
        with self._transaction("write") as connection:
            found = stated(connection, self.where)
            if found is None or found.version < target:
                upgrade(connection, target)

    @contextmanager
    def writing(self, alone_on: Collection[Table] = ()) -> Iterator[Connection]:
        """Read and write in one transaction, as if there were no others; all or nothing.

        Other writers of the tables `alone_on` wait for its end. Raises `ContentionError` where others wrote
        in between: the whole transaction may be tried again; `UnreachableError` where a migration has taken
        the schema beyond this program.
        """
        with self._undoing() as connection:
            lock(connection, alone_on)
            keep_fit(connection, self._program, self.where)
            yield connection

    @contextmanager
    def _undoing(self) -> Iterator[Connection]:
        try:
            with self._transaction("write") as connection:
                yield connection
        except ContentionError:
            self._thread.was_undone = True
            raise
        except UnreachableError as error:
            if isinstance(error.__cause__, ProgrammingError):
                self.require_fit()  # what does not fit the tables went with the question whether it does
            raise
        self._thread.was_undone = False

    @contextmanager
    def joined(self) -> Iterator[Connection]:
        """Write in one transaction that everything on this thread, within the block, is part of."""
        with self._undoing() as connection, self._shared(connection):
            yield connection

    @contextmanager
    def at_one_instant(self) -> Iterator[None]:
        """Have everything on this thread, within the block, read in one transaction; nothing may write."""
        with self._transaction("read") as connection, self._shared(connection):
            yield

    @contextmanager
    def _shared(self, connection: Connection) -> Iterator[None]:
        self._thread.joined = connection
        try:
            yield
        finally:
            self._thread.joined = None

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _outer(self) -> Connection | None:
        outer: Connection | None = getattr(self._thread, "joined", None)
        return outer

    @contextmanager
    def _transaction(self, kind: Kind) -> Iterator[Connection]:
        outer = self._outer()
        if outer is not None:
            yield outer
            return
        with (
            self._translated(),
            self._engine.connect().execution_options(kind=kind) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            fault = fault_of(error.orig)
            message, hint = _REASONS[fault]
            names = {"where": self.where, "error": error.orig, "said": _said(error.orig)}
            kind = ContentionError if fault == "contention" else UnreachableError
            raise kind(message.format(**names), hint=hint.format(**names)) from error
        except PoolTimeoutError as error:
            raise UnreachableError(
                f"all connections to {self.where} are in use, still after {BUSY_SECONDS} seconds",
                hint="Try again; nothing was written.",
            ) from error
        except UnicodeEncodeError as error:
            raise InvalidError(
                f"text that is not valid Unicode: {error.object!a:.80}",
                hint="Remove lone surrogates such as \\ud800 from it.",
            ) from error
        except OverflowError as error:
            raise InvalidError(
                "a number is too large to be stored", hint="The largest is 9,007,199,254,740,991."
            ) from error


def _said(error: BaseException | None) -> str:
    """Return what the driver said last, which alone tells a refusal to encrypt from a server that is away."""
    lines = [line.strip() for line in without_secrets(str(error or "")).splitlines() if line.strip()]
    return f" ({lines[-1][:_LONGEST]})" if lines else ""
