"""Answers of one instant from a server that keeps none: asked one by one, then once more all together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from pydantic import BaseModel, JsonValue

from reconciler.errors import ContentionError, StaleError, UnreachableError
from reconciler.live.http.messages import Request
from reconciler.wire import paths
from reconciler.wire.together import FIGURES, TogetherReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.live.http.session import Calls

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")
_Name: TypeAlias = "tuple[str, str, tuple[tuple[str, str], ...], object]"
_TRIES: Final = 6


class Noted:
    """Implements `Calls`: nothing is asked twice, and what was asked is kept.

    Attributes:
        is_settled: Whether all answers so far are of the instant of the last `settle`.
    """

    def __init__(self, calls: Calls, state: str) -> None:
        self.where = calls.where
        self.is_settled = True
        self._calls = calls
        self._state = state
        self._kept: dict[_Name, tuple[Request, BaseModel]] = {}

    def call(self, request: Request, answer: type[B]) -> B:
        """See `Calls`."""
        name = (request.method, request.path, tuple(sorted(request.query.items())), request.body)
        if name not in self._kept:
            self.is_settled = False
            self._kept[name] = (request, self._calls.call(request, answer))
        found = self._kept[name][1]
        if not isinstance(found, answer):
            raise TypeError(f"{request.path} is asked for two kinds of answers")
        return found

    def lines(self, request: Request) -> Iterator[bytes]:
        """See `Calls`; not kept."""
        return self._calls.lines(request)

    def settle(self) -> bool:
        """Have all counts made once more, together, and return whether they are what they were.

        Raises `StaleError` where packages, settings or runs changed since the beginning.
        """
        names = [name for name in self._kept if name[1] in FIGURES]
        asked = [_asked(self._kept[name][0]) for name in names]
        body = json.dumps({"state": self._state, "asked": asked}).encode()
        reply = self._calls.call(Request("POST", paths.TOGETHER, body=body, is_long=True), TogetherReply)
        if len(reply.items) != len(names):
            raise UnreachableError(f"{self.where} gave {len(reply.items)} answers to {len(names)} questions.")
        before = dict(self._kept)
        for name, item in zip(names, reply.items, strict=True):
            request, kept = self._kept[name]
            self._kept[name] = (request, type(kept).model_validate_json(json.dumps(item)))
        self.is_settled = True
        return self._kept == before


def settled(calls: Calls, state: Callable[[], str], read: Callable[[Calls], T]) -> T:
    """Return what `read` makes of answers that are all of one instant; see `PlatformReader`."""
    for _ in range(_TRIES):
        try:
            return _settled(Noted(calls, state()), read)
        except StaleError:
            continue
    raise ContentionError(
        f"{calls.where} changed each time that it was counted.", hint="Try again; nothing was written."
    )


def _settled(noted: Noted, read: Callable[[Calls], T]) -> T:
    for _ in range(_TRIES):
        result = read(noted)
        if noted.is_settled or noted.settle():
            return result
    raise StaleError("the counts changed")


def _asked(request: Request) -> dict[str, JsonValue]:
    body = json.loads(request.body) if isinstance(request.body, bytes) else {}
    return {"kind": FIGURES[request.path], **request.query, **body}
