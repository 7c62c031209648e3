"""Calls that are answered, or fail in our own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.errors import UnreachableError
from reconciler.live.http.attempts import Attempts
from reconciler.live.http.decoding import lines_of
from reconciler.live.http.exchange import LostError, Reply, TooMuchError
from reconciler.live.http.patience import PASSING
from reconciler.wire import paths
from reconciler.wire.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.live.http.exchange import Limits, Request
    from reconciler.live.http.transport import Transport

B = TypeVar("B", bound=BaseModel)

_DONE: Final = frozenset({200, 201})
_REDIRECTS: Final = range(300, 400)
_AGAIN: Final = "Try again; what was listed so far is not used."


class Session:
    """Calls to one server; `where` names it in messages."""

    def __init__(self, where: str, transport: Transport, limits: Limits) -> None:
        self.where = where
        self._transport = transport
        self._limits = limits

    def call(self, request: Request, answer: type[B]) -> B:
        """Send, again if need be, and return the checked answer; raises what a problem stands for."""
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
        """Stream the lines of a list; raises `UnreachableError` where it is not complete to the last line."""
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
            raise UnreachableError(f"{self.where}: a list of {stated} came with {count} items.", hint=_AGAIN)

    def _put_off_or_refuse(self, attempts: Attempts, reply: Reply) -> None:
        """Wait where the answer says: not now; else raise what it stands for."""
        if reply.status in PASSING:
            attempts.put_off(reply)
            return
        if reply.media_type == paths.PROBLEM:
            self._raise_problem(attempts, reply)
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

    def _raise_problem(self, attempts: Attempts, reply: Reply) -> NoReturn:
        try:
            said = self._transport.hidden(reply.body.decode())
            problem = Problem.model_validate_json(said)
        except ValueError as error:
            raise attempts.answered_wrongly(
                "its problem cannot be read", hint="Upgrade reconciler."
            ) from error
        raise problem.error()


def _checked(attempts: Attempts, reply: Reply, answer: type[B]) -> B:
    try:
        return answer.model_validate_json(reply.body)
    except ValidationError as error:
        raise attempts.answered_wrongly(
            f"its answer has {error.error_count()} faults", hint="Use client and server of one version."
        ) from error
