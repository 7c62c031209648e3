"""Refusals as RFC 9457 problem details, which become the same error again on the client's side.

`type` is `urn:reconciler:problem:` and one of the names below; findings carry the rule ids of the
command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import Field

from reconciler.errors import (
    BlockedError,
    ContentionError,
    InvalidError,
    KeyReusedError,
    ReconcilerError,
    StaleError,
    UnaskedMovesError,
    UnreachableError,
    WrongUsageError,
)
from reconciler.model.findings import Finding, Position
from reconciler.model.moving import Moving
from reconciler.wire.fields import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

URN: Final = "urn:reconciler:problem:"

_ERRORS: Final[Mapping[str, tuple[type[ReconcilerError], int, str]]] = {
    "invalid": (InvalidError, 422, "The request is invalid"),
    "blocked": (BlockedError, 409, "A rule forbids it"),
    "moves-clients": (UnaskedMovesError, 409, "It would move clients"),
    "stale": (StaleError, 409, "The platform moved"),
    "not-found": (WrongUsageError, 404, "There is no such thing"),
    "contention": (ContentionError, 503, "Others wrote at the same time"),
    "unavailable": (UnreachableError, 503, "The platform is out of reach"),
    "precondition-failed": (StaleError, 412, "It is not in the state that was stated"),
    "precondition-required": (WrongUsageError, 428, "A condition is required"),
    "key-reused": (KeyReusedError, 422, "The key was used for another request"),
    "unauthorised": (UnreachableError, 401, "A valid token is required"),
    "forbidden": (UnreachableError, 403, "The token does not allow this"),
    "bad-request": (WrongUsageError, 400, "The request cannot be read"),
    "no-such-path": (UnreachableError, 404, "The API has no such path"),
    "method-not-allowed": (UnreachableError, 405, "The path does not take this method"),
    "too-slow": (UnreachableError, 408, "The request came too slowly"),
    "too-many-failures": (UnreachableError, 429, "Credentials failed too often"),
    "too-large": (InvalidError, 413, "The request is too large"),
    "unsupported-media-type": (WrongUsageError, 415, "The body is of the wrong type"),
    "unexpected": (ReconcilerError, 500, "The server failed"),
}

DESCRIPTIONS: Final[Mapping[int, str]] = {
    304: "It is what the caller has already.",
    400: "The request cannot be read.",
    401: "A valid token is required.",
    403: "The token does not allow this.",
    404: "There is no such thing.",
    408: "The request came too slowly.",
    409: "A rule forbids it, or the platform moved.",
    412: "It is not in the state that was stated.",
    413: "The request is too large.",
    415: "The body is of the wrong type.",
    422: "The request is invalid, or its key was used for another one.",
    428: "A condition is required.",
    429: "Credentials failed too often; Retry-After says when to come again.",
    503: "The platform is out of reach.",
}
"""What the statuses beside success mean; all but 304 come with a problem."""


class FindingReply(Reply):
    """Something wrong with what was sent; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1
    rule: str
    message: str
    fix: str = ""
    severity: Literal["error", "warning"] = "error"

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Make the reply for a finding."""
        place = finding.position
        return cls(
            file=finding.file,
            line=place.line,
            column=place.column,
            rule=finding.rule,
            message=finding.message,
            fix=finding.fix,
            severity=finding.severity,
        )

    def value(self) -> Finding:
        """Return the finding."""
        place = Position(self.line, self.column)
        return Finding(self.file, place, self.rule, self.message, self.fix, self.severity)


class Problem(Reply):
    """Why a request was refused (RFC 9457); `hint` says what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    hint: str = ""
    findings: tuple[FindingReply, ...] = Field(default=())
    moves: tuple[Moving, ...] = ()

    @classmethod
    def named(cls, name: str, detail: str, *, hint: str = "", findings: tuple[Finding, ...] = ()) -> Self:
        """Make the problem of this name."""
        _, status, title = _ERRORS[name]
        return cls(
            type=URN + name,
            title=title,
            status=status,
            detail=detail,
            hint=hint,
            findings=tuple(map(FindingReply.of, findings)),
        )

    @classmethod
    def of(cls, error: ReconcilerError) -> Self:
        """Make the problem that stands for one of our errors."""
        findings = error.findings if isinstance(error, InvalidError) else ()
        moves = error.moves if isinstance(error, UnaskedMovesError) else ()
        made = cls.named(_name(error), error.message, hint=error.hint, findings=findings)
        return made.model_copy(update={"moves": moves})

    def error(self) -> ReconcilerError:
        """Return the error that this problem stands for; an unknown type is unexpected."""
        kind = _ERRORS.get(self.type.removeprefix(URN), _ERRORS["unexpected"])[0]
        if kind is InvalidError:
            findings = tuple(finding.value() for finding in self.findings)
            return InvalidError(self.detail, hint=self.hint, findings=findings)
        if kind is UnaskedMovesError:
            return UnaskedMovesError(self.detail, hint=self.hint, moves=self.moves)
        return kind(self.detail, hint=self.hint)


def _name(error: ReconcilerError) -> str:
    return next((name for name, (kind, *_) in _ERRORS.items() if type(error) is kind), "unexpected")
