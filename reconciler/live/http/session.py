"""Calls that are answered, or fail in our own words."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.errors import UnreachableError
from reconciler.live.http.messages import LostError, Reply, TooMuchError
from reconciler.live.http.transport import lines_of
from reconciler.model.english import counted
from reconciler.wire import paths
from reconciler.wire.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.live.http.messages import Limits, Request
    from reconciler.live.http.transport import Transport

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""

LONGEST_WAIT: Final = 120.0
"""A server that asks for more than these seconds is not waited for."""

ONE_VERSION: Final = "Use client and server of one version."

_FIRST: Final = 0.1
_LONGEST: Final = 5.0


_NOTHING_DONE: Final = 429
B = TypeVar("B", bound=BaseModel)
_DONE: Final = frozenset({200, 201})
_REDIRECTS: Final = range(300, 400)
_AGAIN: Final = "Try again; what was listed so far is not used."


def pause(number: int) -> float:
    """Return how long to wait after the `number`-th try, counted from 0: longer each time, never alike."""
    return random.uniform(0.5, 1) * min(_LONGEST, _FIRST * 2.0**number)  # noqa: S311 - jitter, no secret


def asked_wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that `Retry-After` asks for, as a number or a date; 0 where it says nothing."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return 0
    if instant.tzinfo is None:
        return 0
    return max(0, (instant - datetime.now(UTC)).total_seconds())


class Attempts:
    """Counts tries, waits between them, and knows whether a write may have been done."""

    def __init__(self, where: str, request: Request, limits: Limits) -> None:
        self.deadline = time.monotonic() + (limits.long_seconds if request.is_long else limits.seconds)
        self._where = where
        self._request = request
        self._left = limits.tries
        self._number = 0
        self._is_maybe_done = False

    def failed(self, error: LostError | TooMuchError) -> None:
        """Wait for the next try after one that failed on the way; raise `UnreachableError` after the last."""
        self._is_maybe_done |= isinstance(error, TooMuchError) or error.sent
        if isinstance(error, TooMuchError):
            raise self.given_up(f"{error}") from error
        if error.remedy:
            raise self.given_up(f"{error}", hint=error.remedy) from error
        self._wait(0, f"{error}")

    def put_off(self, reply: Reply, why: str = "") -> None:
        """Wait for the next try after an answer that says: not now, and perhaps why."""
        self._is_maybe_done |= reply.status != _NOTHING_DONE
        said = f" ({why.rstrip('.')})" if why else ""
        self._wait(asked_wait(reply.headers), f"it answers {reply.status}{said}")

    def given_up(self, reason: str, *, hint: str = "") -> UnreachableError:
        """Return the error that ends the call, which says whether a write may have been done."""
        message = f"{self._where} is out of reach: {reason}."
        if self._request.key is None:
            return UnreachableError(message, hint=hint or "Try again later.")
        if not self._is_maybe_done:
            return UnreachableError(f"{message} Nothing was written.", hint=hint or "Try again later.")
        return UnreachableError(
            f"{message} It is not known whether {self._request.what} was done.",
            hint=hint or self._request.recovery,
        )

    def answered_wrongly(self, reason: str, *, hint: str) -> UnreachableError:
        """Return the error for an answer that is not the API's; what it did to a write is not known."""
        self._is_maybe_done = True
        return self.given_up(reason, hint="" if self._request.key else hint)

    def _wait(self, asked: float, reason: str) -> None:
        self._left -= 1
        if asked > LONGEST_WAIT:
            raise self.given_up(f"{reason}, and asks to wait {asked:,.0f} seconds", hint="Try again then.")
        seconds = max(asked, pause(self._number))
        self._number += 1
        if self._left == 0:
            raise self.given_up(f"{reason}, {self._number} times")
        if time.monotonic() + seconds >= self.deadline:
            raise self.given_up(f"{reason}, until the time for it was over")
        time.sleep(seconds)


class Calls(Protocol):
    """What a platform over requests is asked by; `where` names it in messages."""

    where: str

    def call(self, request: Request, answer: type[B]) -> B:
        """Return the checked answer; raises what a problem stands for."""
        ...

    def lines(self, request: Request) -> Iterator[bytes]:
        """Stream the lines of a list; raises `UnreachableError` where it is not complete to the last line."""
        ...


class Session:
    """Calls to one server, each sent again if need be."""

    def __init__(self, where: str, transport: Transport, limits: Limits) -> None:
        self.where = where
        self._transport = transport
        self._limits = limits

    def call(self, request: Request, answer: type[B]) -> B:
        """See `Calls`."""
        attempts = Attempts(self.where, request, self._limits)
        while True:
            try:
                reply = self._transport.send(request, attempts.deadline, self._limits.body_bytes)
            except (LostError, TooMuchError) as error:
                attempts.failed(error)
                continue
            if reply.status in _DONE and reply.media_type == paths.JSON:
                return _checked(attempts, reply, answer)
            self._put_off_or_refuse(attempts, reply)

    def lines(self, request: Request) -> Iterator[bytes]:
        """See `Calls`."""
        attempts = Attempts(self.where, request, self._limits)
        is_listing = False
        while True:
            try:
                with self._transport.sending(request, attempts.deadline, self._limits.stream_bytes) as sent:
                    head, pieces = sent
                    is_listing = head.status in _DONE and head.media_type == paths.LINES
                    if is_listing:
                        yield from self._complete(lines_of(pieces, self._limits.line_bytes))
                        return
                    reply = Reply(head.status, head.headers, b"".join(pieces))
            except (LostError, TooMuchError) as error:
                if is_listing:
                    raise UnreachableError(
                        f"{self.where}: a list broke off: {error}.", hint=_AGAIN
                    ) from error
                attempts.failed(error)
            else:
                self._put_off_or_refuse(attempts, reply)

    def _complete(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for count, line in enumerate(lines):
            if line.startswith(b'{"end":'):
                self._require_end(line, count)
                return
            yield line
        raise UnreachableError(f"{self.where}: a list ends before its end.", hint=_AGAIN)

    def _require_end(self, line: bytes, count: int) -> None:
        try:
            said = json.loads(line)["end"]
        except ValueError:
            said = None
        if said != count:
            stated = said if isinstance(said, int) else "unknown length"
            raise UnreachableError(
                f"{self.where}: a list of {stated} came with {counted(count, 'item')}.", hint=_AGAIN
            )

    def _put_off_or_refuse(self, attempts: Attempts, reply: Reply) -> None:
        """Wait where the answer says: not now; else raise what it stands for."""
        problem = self._problem(reply) if reply.media_type == paths.PROBLEM else None
        if reply.status in PASSING:
            attempts.put_off(reply, "" if problem is None else problem.detail)
            return
        if problem is not None:
            raise problem.error()
        if reply.media_type == paths.PROBLEM:
            raise attempts.answered_wrongly("its problem cannot be read", hint="Upgrade reconciler.")
        if reply.status in _REDIRECTS:
            target = self._transport.hidden(reply.headers.get("location", "elsewhere"))
            raise UnreachableError(
                f"{self.where} sends on to {target!r}; redirects are not followed.",
                hint="Write the final address under `platform` in reconciler.yaml.",
            )
        raise attempts.answered_wrongly(
            f"it answers {reply.status} with {self._transport.hidden(reply.media_type) or 'nothing'}, "
            "which is not the API's",
            hint="Check the address under `platform`, and what stands between here and the server.",
        )

    def _problem(self, reply: Reply) -> Problem | None:
        try:
            return Problem.model_validate_json(self._transport.hidden(reply.body.decode()))
        except ValueError:
            return None


def _checked(attempts: Attempts, reply: Reply, answer: type[B]) -> B:
    try:
        return answer.model_validate_json(reply.body)
    except ValidationError as error:
        raise attempts.answered_wrongly(faults_of(error), hint=ONE_VERSION) from error


def faults_of(error: ValidationError) -> str:
    """Say how many faults an answer has, and where the first is; never what stands there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "/".join(map(str, first["loc"])) or "the whole"
    return f"its answer has {counted(error.error_count(), 'fault')}, the first at {place}"
