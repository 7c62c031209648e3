"""Watching what is sent to databases."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_A_SESSION = re.compile(
    r"\b(TEMP|TEMPORARY|LISTEN|PREPARE|WITH HOLD|set_config|nextval|pg_(try_)?advisory_(lock|unlock)\w*)\b"
    r"|^\s*(SET|RESET)\b",
    re.IGNORECASE,
)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Give the statements of this process, as they are sent within the block."""
    sent: list[str] = []

    def note(*heard: Any) -> None:
        sent.append(heard[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def of_a_session(statements: list[str]) -> list[str]:
    """Return those that leave something on their connection, or expect to find it there."""
    return [each for each in statements if _OF_A_SESSION.search(each)]
