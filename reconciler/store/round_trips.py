"""Connections to PostgreSQL that wait for it less often: what needs no answer goes with what does."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import lru_cache, partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from psycopg import Connection, Cursor, OperationalError, Pipeline, ServerCursor, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import send
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from psycopg.abc import PQGen

Rows = list[tuple[Any, ...]]
_MARK: Final = re.compile("%([s%])")
_DONE: Final = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class _Kept(NamedTuple):
    query: str
    values: Sequence[Any] = ()
    hear: Callable[[Rows], None] | None = None
    writes: bool = False


class _RoundTrip(Pipeline):
    """Sends all at its end, and raises the first error; the library's own sends each statement by itself.

    Nor does a Flush follow Sync, as the library's does: where that comes late, PgBouncer lends a connection
    for it, which it does not take back before the next Sync. What was kept back goes without a cursor, which
    costs more than all else that is done for a statement.
    """

    def __init__(self, connection: SparingConnection, kept: Sequence[_Kept]) -> None:
        super().__init__(connection)
        self._kept = kept
        self._heard: list[Rows] = []
        self._values = Transformer(connection)
        for each in kept:
            self._add(each)

    def _add(self, kept: _Kept) -> None:
        values = self._values.dump_sequence(kept.values, [PyFormat.AUTO] * len(kept.values))
        formats, types = self._values.formats, self._values.types or ()
        query = _numbered(kept.query)
        send_it = partial(
            self.pgconn.send_query_params, query, values, param_formats=formats, param_types=types
        )
        self.command_queue.append(send_it)
        self.result_queue.append(None)

    def hear(self) -> None:
        """Tell whoever asked what was answered."""
        for kept, rows in zip(self._kept, self._heard, strict=False):
            if kept.hear is not None:
                kept.hear(rows)

    def alone(self) -> PQGen[None]:
        """Send what was kept back by itself, and take the answers."""
        self.pgconn.enter_pipeline_mode()
        try:
            yield from self._exit_gen()
        finally:
            if self.pgconn.status != ConnStatus.BAD:
                self.pgconn.exit_pipeline_mode()

    def _communicate_gen(self) -> PQGen[None]:
        yield from ()

    def _exit_gen(self) -> PQGen[None]:
        self._enqueue_sync()
        while self.command_queue:
            self.command_queue.popleft()()
        yield from send(self.pgconn)
        yield from self._fetch_gen(flush=False)

    def _process_results(self, queued: Any, results: list[Any]) -> None:
        if queued is not None or len(self._heard) == len(self._kept):
            super()._process_results(queued, results)
            return
        self._heard.append([])
        (result,) = results
        if result.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(result, encoding=self._values.encoding)
        if result.status not in _DONE:
            raise errors.PipelineAborted("an earlier statement failed")
        if self._kept[len(self._heard) - 1].hear is not None:
            self._values.set_pgresult(result)
            self._heard[-1] = self._values.load_rows(0, result.ntuples, tuple)


@lru_cache(1_024)
def _numbered(query: str) -> bytes:
    """Return a statement as the server takes it, whose marks are numbered."""
    numbers = count(1)
    return _MARK.sub(lambda mark: "%" if mark[1] == "%" else f"${next(numbers)}", query).encode()


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

    def ask(self, query: str, values: Sequence[Any]) -> Rows:
        """Return the rows of a statement."""
        found: Rows = []
        self.tell_later(query, values, found.extend)
        self.send_kept()
        return found

    def ask_later(self, query: str, values: Sequence[Any], hear: Callable[[Any], None]) -> None:
        """Have a statement go with the next one, and its only row, or None, be heard before that one's."""
        self.tell_later(query, values, lambda rows: hear(rows[0] if rows else None))

    def tell_later(self, query: str, values: Sequence[Any], hear: Callable[[Rows], None]) -> None:
        """Have a statement go with the next one, and its rows be heard before that one's."""
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
        self._pipeline = trip = _RoundTrip(self, kept)
        with self.pipeline():
            yield
        trip.hear()

    def send_kept(self) -> None:
        """Send what was kept back by itself."""
        kept, self._kept = self._kept, []
        if kept:
            trip = _RoundTrip(self, kept)
            with self.lock:
                self.wait(trip.alone())
            trip.hear()

    def commit(self) -> None:
        """Commit, with what was kept back; nothing is sent where nothing else was and nothing is written."""
        if self._is_idle and not any(each.writes for each in self._kept):
            self._kept = []
        if any(each.hear for each in self._kept):
            self.send_kept()  # what is heard may forbid what is written
        if self._kept or not self._is_idle:
            self._kept.append(_Kept("COMMIT"))
            self.send_kept()

    @property
    def _is_idle(self) -> bool:
        return self.pgconn.transaction_status == TransactionStatus.IDLE

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
