"""Who may do what: every route names the scopes of which a caller must have one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reconciler.model.tokens import Scope, Token, token_digest, token_id
from reconciler.server.refusals import Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.live.port import ServedPlatform
    from reconciler.server.serving import Bounds, Served

_BEARER: Final = HTTPBearer(auto_error=False, description="Made by `reconciler tokens create`.")
_ANYONE: Final = "anyone"
"""Stands for the token in an open server."""

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in.

    Attributes:
        caller: Id of the token.
        scopes: What the caller may do.
    """

    served: Served
    caller: str
    scopes: frozenset[Scope]
    now: datetime

    @property
    def platform(self) -> ServedPlatform:
        """The platform that is served."""
        return self.served.platform

    @property
    def bounds(self) -> Bounds:
        """What the request may cost."""
        return self.served.bounds

    def instant(self, stated: datetime | None) -> datetime:
        """Return the instant that the request states, or now."""
        return self.now if stated is None else stated.astimezone(UTC)

    def require(self, *scopes: Scope) -> None:
        """Refuse a caller with none of these scopes, where the body decides which is needed."""
        if self.scopes.isdisjoint({*scopes, Scope.ADMIN}):
            raise _forbidden(frozenset(scopes))


class Needs:
    """A dependency that lets in whoever has one of the scopes; with none, whoever has a valid token."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = frozenset(scopes)

    def __call__(self, request: Request, credentials: Credentials) -> Call:
        """Return the call, or refuse: 401 without a valid token, 403 without a scope."""
        served: Served = request.app.state.served
        now = served.clock()
        token = _holder(served, credentials, now)
        if token is None:
            return Call(served, _ANYONE, frozenset(Scope), now)
        if not token.allows(self.scopes):
            raise _forbidden(self.scopes)
        return Call(served, token.id, frozenset(token.scopes), now)


def _holder(served: Served, credentials: HTTPAuthorizationCredentials | None, now: datetime) -> Token | None:
    """Return the caller's token; None where nobody needs one, since none was ever made."""
    if served.tokens is None:
        return None
    if credentials is None:
        if served.tokens.is_open():
            return None
        raise Refusal("unauthorised", "The request has no bearer token.", hint=_HOW_TO_SHOW_ONE)
    text = credentials.credentials
    found = token_id(text)
    token = served.tokens.find(found, token_digest(text)) if found else None
    if token is None or not token.is_valid(now):
        raise Refusal("unauthorised", "The token is not valid.", hint=_HOW_TO_SHOW_ONE)
    return token


_HOW_TO_SHOW_ONE: Final = "Put a token's text into the variable that `token_env` names."


def _forbidden(scopes: frozenset[Scope]) -> Refusal:
    names = " or ".join(sorted(scopes))
    return Refusal("forbidden", f"The token lacks the scope {names}.", hint="Use a token that has it.")
