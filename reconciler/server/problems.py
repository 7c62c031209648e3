"""What goes wrong, as problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from reconciler.errors import ReconcilerError, UnreachableError
from reconciler.model.findings import Finding, Position
from reconciler.model.secrets import without_secrets
from reconciler.wire.fields import sentence
from reconciler.wire.paths import PROBLEM
from reconciler.wire.problems import URN, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

_BEHIND: Final = "The server's database cannot be used now, or others write to it at the same time."
_WHY: Final = "Try again later. The log of the server has the reason, under the request's id."
SHOWN: Final = 50
"""Faults that an answer names one by one."""
_LONGEST: Final = 300
_RULES: Final[Mapping[str, str]] = {
    "missing": "missing-key",
    "union_tag_not_found": "missing-key",
    "extra_forbidden": "unknown-key",
    "unexpected_keyword_argument": "unknown-key",
    "greater_than_equal": "out-of-range",
    "less_than_equal": "out-of-range",
    "too_long": "out-of-range",
    "too_short": "out-of-range",
}
_NO_CONDITION: Final = ("missing", "header", "if-match")
_BY_STATUS: Final[Mapping[int, str]] = {
    400: "bad-request",
    404: "no-such-path",
    405: "method-not-allowed",
    408: "too-slow",
    413: "too-large",
}


class Refusal(Exception):  # noqa: N818 - it is named after the problem that it carries
    """A request that this server refuses by itself, before or beside the platform.

    Args:
        wait: Seconds after which the sender may come again.
    """

    def __init__(self, name: str, detail: str, *, hint: str = "", wait: int = 0) -> None:
        super().__init__(detail)
        self.wait = wait
        self.problem = Problem.named(name, detail, hint=hint)

    @classmethod
    def unconditional(cls) -> Self:
        """Make the refusal of a write that does not say what it changes."""
        return cls(
            "precondition-required",
            "A write states what it changes: If-Match is missing.",
            hint="Send the ETag of what you read, or `*` for whatever is there.",
        )


def install(app: FastAPI) -> None:
    """Have every failure answered as a problem."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(ReconcilerError, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(request: Request, problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response that carries a problem, which the log names too."""
    request.state.problem = problem.type.removeprefix(URN)
    return Response(problem.model_dump_json(), problem.status, headers, PROBLEM)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - the framework's handlers are typed by the root class
    headers = {"WWW-Authenticate": "Bearer"} if error.problem.status == 401 else {}  # noqa: PLR2004 - HTTP's
    if error.wait:
        headers["Retry-After"] = str(error.wait)
    return answer(request, error.problem, headers)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, ReconcilerError)  # noqa: S101 - see _refused
    if not isinstance(error, UnreachableError):
        return answer(request, Problem.of(error))
    request.state.reason = without_secrets(f"{error.message}. {error.hint}")
    return answer(request, Problem.of(_for_strangers(error, request)), {"Retry-After": "1"})


def _for_strangers(error: UnreachableError, request: Request) -> UnreachableError:
    """Return the error without where the database is and what it says: the log has that."""
    where = request.app.state.served.platform.where
    message = _BEHIND if where in error.message else error.message
    return type(error)(message, hint=_WHY)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - see _refused
    faults = error.errors()
    if any((fault["type"], *fault["loc"]) == _NO_CONDITION for fault in faults):
        return answer(request, Refusal.unconditional().problem)
    if all(fault["loc"][:1] == ("header",) for fault in faults):
        detail = "; ".join(brief(f"{fault['loc'][-1]}: {fault['msg']}") for fault in faults[:SHOWN])
        return answer(request, Problem.named("bad-request", f"A header is missing or malformed: {detail}"))
    findings = tuple(map(_finding, faults[:SHOWN]))
    detail = f"{len(faults)} fault{'' if len(faults) == 1 else 's'} in the request."
    return answer(request, Problem.named("invalid", detail, findings=findings))


def _finding(fault: Mapping[str, Any]) -> Finding:
    place: Sequence[str | int] = fault["loc"]
    pointer = "".join(f"/{step}" for step in place[1:]) or "/"
    rule = _RULES.get(fault["type"], "wrong-type" if "type" in fault["type"] else "bad-value")
    return Finding(str(place[0]), Position(), rule, brief(f"{pointer}: {sentence(fault['msg'])}"))


def brief(text: str) -> str:
    """Return a message that may quote what was sent, cut to a bounded length."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - see _refused
    name = _BY_STATUS.get(error.status_code, "unexpected")
    headers = error.headers
    if error.status_code == 405:  # noqa: PLR2004 - HTTP's
        path = request.scope["path"]
        headers = {"Allow": next(methods for each, methods in request.app.state.methods if each.match(path))}
    return answer(request, Problem.named(name, str(error.detail)), headers)


def _unexpected(request: Request, _error: Exception) -> Response:
    return answer(
        request, Problem.named("unexpected", "The server failed unexpectedly; its log has the details.")
    )
