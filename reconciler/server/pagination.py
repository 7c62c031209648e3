"""Pages of lists, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Final

from reconciler.errors import StaleError
from reconciler.model.packages import digest_of
from reconciler.server.problems import Refusal
from reconciler.wire.changesets import RunReply, RunsReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.model.changesets import Run
    from reconciler.model.packages import PackageHead

_LARGEST_RUN: Final = 2**31 - 1


def page_of(
    heads: Sequence[PackageHead], cursor: str | None, size: int
) -> tuple[Sequence[PackageHead], str | None]:
    """Return the page of packages that a cursor stands for, and the next one's cursor; None after the last.

    A cursor is bound to the state of the list that it was cut from. Raises `StaleError` where that changed
    since: going on could miss a package.
    """
    state = digest_of([(head.key, head.version) for head in heads])
    start = 0 if cursor is None else _start(cursor, state)
    end = start + size
    return heads[start:end], _cursor([end, state]) if end < len(heads) else None


def runs_page(
    runs: Callable[[int | None], Sequence[Run]], before: int | None, size: int, most_bytes: int
) -> RunsReply:
    """Return the page of runs older than one, or of the latest; `runs` answers with some of them.

    Runs are only ever added in front, so that no page repeats or misses one. A page has at least one run,
    and is cut after the one that takes it beyond `most_bytes`: a run tells of all that it changed.
    """
    items: list[RunReply] = []
    left = most_bytes
    for run in _each(runs, before):
        if len(items) == size or left < 0:
            return RunsReply(items=tuple(items), next=_cursor([items[-1].id]))
        items.append(RunReply.of(run))
        left -= len(items[-1].model_dump_json())
    return RunsReply(items=tuple(items), next=None)


def last_run(cursor: str) -> int:
    """Return the number of the run that a page ended with."""
    match _read(cursor):
        case [int(last)] if last is not True and 0 < last <= _LARGEST_RUN:
            return last
    raise _none_of_ours()


def _each(runs: Callable[[int | None], Sequence[Run]], before: int | None) -> Iterator[Run]:
    while some := runs(before):
        yield from some
        before = some[-1].id


def _start(cursor: str, state: str) -> int:
    match _read(cursor):
        case [int(start), str(stated)] if not isinstance(start, bool) and start >= 0:
            if stated == state:
                return start
            raise StaleError("The packages changed while they were listed.", hint="List them again.")
    raise _none_of_ours()


def _none_of_ours() -> Refusal:
    return Refusal("bad-request", "The cursor is none of this server's.", hint="List from the start.")


def _cursor(state: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode("ascii")


def _read(cursor: str) -> object:
    try:
        return json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
