"""Whole transactions are tried again where others wrote at the same time."""

from __future__ import annotations

import random
import time
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, Protocol, TypeVar

from reconciler.errors import ContentionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.store.database import Database

_TRIES: Final = 12
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.5

P = ParamSpec("P")
R = TypeVar("R")


class _OverDatabase(Protocol):
    @property
    def database(self) -> Database: ...


S = TypeVar("S", bound=_OverDatabase)


def retried(transaction: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Have a method that is one transaction tried again on contention; within a joined one, that one is."""

    @wraps(transaction)
    def tried(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for pause in _pauses():
            try:
                return transaction(self, *args, **kwargs)
            except ContentionError:
                if self.database.is_joined:
                    raise
                time.sleep(pause)
        return transaction(self, *args, **kwargs)

    return tried


def _pauses() -> Iterator[float]:
    for number in range(_TRIES - 1):
        yield random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**number))  # noqa: S311 - jitter, no secret
