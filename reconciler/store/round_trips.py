"""Connections to PostgreSQL that wait for it less often: what needs no answer goes with what does."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from psycopg import Connection, Cursor, OperationalError, Pipeline, ServerCursor
from psycopg.generators import send
from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from psycopg.abc import PQGen


class _Kept(NamedTuple):
    query: str
    values: Sequence[Any] = ()
    hear: Callable[[Any], None] | None = None
    writes: bool = False


class _RoundTrip(Pipeline):
    """Sends all at its end, and raises the first error; the library's own sends each statement by itself.

    Nor does a Flush follow Sync, as the library's does: where that comes late, PgBouncer lends a connection
    for it, which it does not take back before the next Sync.
    """

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _exit_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)


class SparingConnection(Connection[Any]):
    """A connection that keeps back how a transaction begins, and what is only written, until it must ask.

    All of it is one round trip then, with values bound: in a statement they would stand in the server's log.
    What fails is raised by what it went with: the next statement, or `commit`.
    """

    _kept: list[_Kept]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._kept = []
        self.cursor_factory = JoiningCursor
        self.server_cursor_factory = StreamingCursor

    @classmethod
    def connect(cls, *arguments: Any, **named: Any) -> Self:
        """Return a connection whose transactions are those of `begin`."""
        return super().connect(*arguments, **named, autocommit=True)

    def begin(self, how: str) -> None:
        """Have the next statement begin a transaction; without any there is none."""
        self._kept = [_Kept(how)]

    def ask_later(self, query: str, values: Sequence[Any], hear: Callable[[Any], None]) -> None:
        """Have a statement go with the next one, and its only row, or None, be heard before that one's."""
        self._kept.append(_Kept(query, values, hear))

    def write_later(self, query: str, values: Sequence[Any]) -> None:
        """Have a statement go with the next one, or with COMMIT."""
        self._kept.append(_Kept(query, values, writes=True))

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Send what was kept back with what is executed in the block, which is answered at its end."""
        kept, self._kept = self._kept, []
        if not kept:
            yield
            return
        self._pipeline = _RoundTrip(self)
        with self.pipeline():
            answers = [(self.execute(each.query, each.values), each.hear) for each in kept]
            yield
        for cursor, hear in answers:
            if hear is not None:
                hear(cursor.fetchone())

    def send_kept(self) -> None:
        """Send what was kept back by itself."""
        with self.joined():
            pass

    def commit(self) -> None:
        """Commit, with what was kept back; nothing is sent where nothing else was and nothing is written."""
        was_sent = self.info.transaction_status != TransactionStatus.IDLE
        if not was_sent and not any(each.writes for each in self._kept):
            self._kept = []
        if any(each.hear for each in self._kept):
            self.send_kept()  # what is heard may forbid what is written
        if self._kept:
            self.execute("COMMIT")
        else:
            super().commit()

    def rollback(self) -> None:
        """Forget what was kept back, and undo the rest."""
        self._kept = []
        super().rollback()


class JoiningCursor(Cursor[Any]):
    """A cursor whose statements go with what its connection kept back."""

    connection: SparingConnection

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Send a statement."""
        with self.connection.joined():
            return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Send a statement for each of many rows, after what was kept back."""
        self.connection.send_kept()
        super().executemany(query, params_seq, **options)


class StreamingCursor(ServerCursor[Any]):
    """A cursor that counts as closed also where the server went away before it could be told so."""

    connection: SparingConnection

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Open it, after what was kept back."""
        self.connection.send_kept()
        return super().execute(query, params, **options)

    def close(self) -> None:
        """Close it; raises OperationalError where the server cannot be told."""
        try:
            super().close()
        except OperationalError:
            if self.connection.closed:
                super().close()
            raise
