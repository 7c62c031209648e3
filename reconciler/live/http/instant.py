"""Answers of one instant from a server that keeps none: asked one by one, then once more all together."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from reconciler.errors import ContentionError, StaleError, UnreachableError
from reconciler.live.http.messages import Request
from reconciler.live.http.session import ONE_VERSION, faults_of
from reconciler.model.english import counted
from reconciler.wire import paths
from reconciler.wire.together import FIGURES, TogetherReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.live.http.session import Calls

B = TypeVar("B", bound=BaseModel)
T = TypeVar("T")
_Name: TypeAlias = "tuple[str, str, tuple[tuple[str, str], ...], object]"
_TRIES: Final = 6


class _MovedError(Exception):
    """What was asked before is answered differently now, and kept so."""


class Noted:
    """Implements `Calls`: nothing is asked twice, and what was asked is kept.

    Questions about clients, which cost, are asked once: together with all that was counted before.
    """

    def __init__(self, calls: Calls, state: str) -> None:
        self.where = calls.where
        self._calls = calls
        self._state = state
        self._kept: dict[_Name, tuple[Request, BaseModel]] = {}
        self._is_state_known = True
        self._are_counts_of_one = True

    def call(self, request: Request, answer: type[B]) -> B:
        """See `Calls`."""
        name = (request.method, request.path, tuple(sorted(request.query.items())), request.body)
        if name not in self._kept:
            self._kept[name] = request, self._answered(request, answer)
        found = self._kept[name][1]
        if not isinstance(found, answer):
            raise TypeError(f"{request.path} is asked for two kinds of answers")
        return found

    def lines(self, request: Request) -> Iterator[bytes]:
        """See `Calls`; not kept."""
        return self._calls.lines(request)

    def settle(self) -> bool:
        """Have what is not of one instant yet counted once more, and return whether it is as it was.

        Raises `StaleError` where packages, settings or runs changed since the beginning.
        """
        if self._are_counts_of_one:
            if not self._is_state_known:
                self._together([])
            return True
        before = dict(self._kept)
        self._count_again()
        return self._kept == before

    def _answered(self, request: Request, answer: type[B]) -> B:
        if not _is_count(request):
            self._is_state_known &= _may_be_younger(request)
            return self._calls.call(request, answer)
        asked_before = sum(map(_questions, self._counts()))
        if asked_before >= _questions(request):
            self._are_counts_of_one = False
            return self._calls.call(request, answer)
        before = dict(self._kept)
        (found,) = self._count_again(request)
        if self._kept != before:
            raise _MovedError
        return self._read(answer, found)

    def _read(self, answer: type[B], text: str) -> B:
        try:
            return answer.model_validate_json(text)
        except ValidationError as error:
            raise UnreachableError(f"{self.where}: {faults_of(error)}", hint=ONE_VERSION) from error

    def _counts(self) -> list[Request]:
        return [request for request, _ in self._kept.values() if _is_count(request)]

    def _count_again(self, *others: Request) -> list[str]:
        """Ask all counts and others together, keep the new answers, and return those to the others."""
        names = [name for name, (request, _) in self._kept.items() if _is_count(request)]
        replies = self._together([*self._counts(), *others])
        for name, reply in zip(names, replies, strict=False):
            request, kept = self._kept[name]
            self._kept[name] = request, self._read(type(kept), reply)
        self._are_counts_of_one = True
        return replies[len(names) :]

    def _together(self, requests: list[Request]) -> list[str]:
        body = json.dumps({"state": self._state, "asked": list(map(_asked, requests))}).encode()
        reply = self._calls.call(Request("POST", paths.TOGETHER, body=body, is_long=True), TogetherReply)
        if len(reply.items) != len(requests):
            questions = counted(len(requests), "question")
            raise UnreachableError(f"{self.where} gave {counted(len(reply.items), 'answer')} to {questions}.")
        self._is_state_known = True
        return list(map(json.dumps, reply.items))


def settled(calls: Calls, state: Callable[[], str], read: Callable[[Calls], T]) -> T:
    """Return what `read` makes of answers that are all of one instant; see `PlatformReader`."""
    for _ in range(_TRIES):
        try:
            return _settled(Noted(calls, state()), read)
        except (_MovedError, StaleError):
            continue
    raise ContentionError(
        f"{calls.where} changed each time that it was counted.", hint="Try again; nothing was written."
    )


def _settled(noted: Noted, read: Callable[[Calls], T]) -> T:
    for _ in range(_TRIES):
        with suppress(_MovedError):
            result = read(noted)
            if noted.settle():
                return result
    raise _MovedError


def _asked(request: Request) -> dict[str, JsonValue]:
    body = json.loads(request.body) if isinstance(request.body, bytes) else {}
    return {"kind": FIGURES[request.path], **request.query, **body}


def _is_count(request: Request) -> bool:
    return request.path in FIGURES and not _may_be_younger(request)


def _may_be_younger(request: Request) -> bool:
    """Whether it asks for a sample: names beside a count that was made before."""
    return request.path == paths.ANSWERS and bool(_asked(request)["sample"])


def _questions(request: Request) -> int:
    """Return how many questions about clients it asks: what costs, and is not asked once more for few."""
    questions = _asked(request).get("questions")
    return len(questions) if isinstance(questions, list) else 0
