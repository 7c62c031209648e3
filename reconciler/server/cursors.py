"""Pages of a list, each bound to the state of the list that the first one was cut from."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from reconciler.errors import StaleError
from reconciler.model.packages import digest_of
from reconciler.server.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.packages import PackageHead


def page_of(
    heads: Sequence[PackageHead], cursor: str | None, size: int
) -> tuple[Sequence[PackageHead], str | None]:
    """Return the page that a cursor stands for, and the next one's cursor; None after the last.

    Raises `StaleError` where the list changed since the first page: going on could miss a package.
    """
    state = digest_of([(head.key, head.version) for head in heads])
    start = 0 if cursor is None else _start(cursor, state)
    end = start + size
    return heads[start:end], _cursor([end, state]) if end < len(heads) else None


def _start(cursor: str, state: str) -> int:
    match _read(cursor):
        case [int(start), str(stated)] if start >= 0:
            if stated == state:
                return start
            raise StaleError("The packages changed while they were listed.", hint="List them again.")
    raise Refusal("bad-request", "The cursor is none of this server's.", hint="List from the start.")


def _cursor(state: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode("ascii")


def _read(cursor: str) -> object:
    try:
        return json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
