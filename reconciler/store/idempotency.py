"""Statements on the answers that are kept of requests which are done once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, false, or_, select

from reconciler.model.packages import canonical_json
from reconciler.store import tables
from reconciler.store.bulk import insert_all
from reconciler.store.columns import microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.idempotency import KeyedRequest

_KEPT: Final = tables.kept_answers.c
_KEPT_FOR: Final = timedelta(days=30)


def of_key(connection: Connection, key: str) -> tuple[str, str] | None:
    """Return the fingerprint and the answer that are kept under a key; None where there are none."""
    row = connection.execute(select(tables.kept_answers).where(_KEPT.key == key)).one_or_none()
    return None if row is None else (row.fingerprint, row.answer)


def keep(connection: Connection, request: KeyedRequest, answer: str) -> None:
    """Keep an answer."""
    row = (request.key, request.fingerprint, answer, microseconds(request.at))
    insert_all(connection, tables.kept_answers, [row])


def forget_naming(connection: Connection, *words: str) -> None:
    """Forget the answers that any of these stands in, as JSON writes it."""
    named = (_KEPT.answer.contains(canonical_json(word), autoescape=True) for word in words if word)
    connection.execute(delete(tables.kept_answers).where(or_(false(), *named)))


def forget(connection: Connection, at: datetime) -> None:
    """Forget the answers that are too old to be asked for again."""
    connection.execute(delete(tables.kept_answers).where(_KEPT.at < at - _KEPT_FOR))
