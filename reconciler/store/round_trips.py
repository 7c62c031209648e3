"""Connections to PostgreSQL that wait for it less often: what needs no answer goes with what does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self, cast

from psycopg import ClientCursor, Connection, OperationalError, ServerCursor
from psycopg.adapt import Dumper
from psycopg.types.numeric import IntDumper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_COMMIT: Final = "COMMIT"


class _Number(Dumper):
    """Writes a negative number so that what follows is about all of it: a cast comes before a sign."""

    def dump(self, obj: int) -> bytes:
        return str(obj).encode()

    def quote(self, obj: int) -> bytes:
        return b"(%d)" % obj if obj < 0 else b"%d" % obj


class SparingConnection(Connection[Any]):
    """A connection that keeps back how a transaction begins, and what is only written, until it must ask.

    All of it is one message then, and one round trip. That is of the simple protocol, which alone takes
    several statements at once, so that values stand in them as literals. What fails is raised by what it went
    with: the next statement, or `commit`.
    """

    _begin: str
    _asks: tuple[tuple[str, Callable[[Any], None]], ...]
    _writes: tuple[str, ...]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._forget()
        self.cursor_factory = JoiningCursor
        self.server_cursor_factory = StreamingCursor

    @classmethod
    def connect(cls, *arguments: Any, **named: Any) -> Self:
        """Return a connection whose transactions are those of `begin`."""
        opened = super().connect(*arguments, **named, autocommit=True)
        opened.adapters.register_dumper(int, _Number)
        return opened

    def begin(self, how: str) -> None:
        """Have the next statement begin a transaction; without any there is none."""
        self._forget()
        self._begin = how

    def ask_later(self, query: str, values: Sequence[Any], hear: Callable[[Any], None]) -> None:
        """Have a statement go with the next one, and its only row, or None, be heard before that one's."""
        self._asks += ((ClientCursor(self).mogrify(query, values), hear),)

    def write_later(self, query: str, values: Sequence[Any]) -> None:
        """Have a statement go with the next one, or with COMMIT."""
        self._writes += (ClientCursor(self).mogrify(query, values),)

    def send(self, cursor: JoiningCursor, query: str) -> None:
        """Send what was kept back and a query, whose result the cursor is at then."""
        begin, asks, writes = self._begin, self._asks, self._writes
        self._forget()
        cursor.send(";\n".join([*filter(None, [begin]), *(text for text, _ in asks), *writes, query]))
        if begin:
            cursor.nextset()
        for _, hear in asks:
            hear(cursor.fetchone())
            cursor.nextset()
        for _ in writes:
            cursor.nextset()

    @property
    def keeps_back(self) -> bool:
        """Whether anything is to go with the next statement."""
        return bool(self._begin or self._asks or self._writes)

    def commit(self) -> None:
        """Commit, with what was kept back; nothing is sent where nothing else was and nothing is written."""
        if self._begin and not self._writes:
            self._forget()
        elif self.keeps_back:
            self.send(_joining(self), _COMMIT)
        else:
            super().commit()

    def rollback(self) -> None:
        """Forget what was kept back, and undo the rest."""
        self._forget()
        super().rollback()

    def _forget(self) -> None:
        self._begin, self._asks, self._writes = "", (), ()


class JoiningCursor(ClientCursor[Any]):
    """A cursor whose statements go with what its connection kept back."""

    connection: SparingConnection

    def send(self, statements: str) -> None:
        """Send statements as they are."""
        super().execute(statements.encode())

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Send a statement."""
        if self.connection.keeps_back:
            self.connection.send(self, self.mogrify(query, params))
            return self
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Send a statement for each of many rows, after what was kept back."""
        _send_alone(self.connection)
        super().executemany(query, params_seq, **options)


class StreamingCursor(ServerCursor[Any]):
    """A cursor that counts as closed also where the server went away before it could be told so."""

    connection: SparingConnection

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.adapters.register_dumper(int, IntDumper)  # its values do not stand in its statement

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Open it, after what was kept back."""
        _send_alone(self.connection)
        return super().execute(query, params, **options)

    def close(self) -> None:
        """Close it; raises OperationalError where the server cannot be told."""
        try:
            super().close()
        except OperationalError:
            if self.connection.closed:
                super().close()
            raise


def _send_alone(connection: SparingConnection) -> None:
    if connection.keeps_back:
        connection.send(_joining(connection), "")


def _joining(connection: SparingConnection) -> JoiningCursor:
    return cast("JoiningCursor", connection.cursor())
