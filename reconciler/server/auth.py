"""Who may do what: every route names the scopes of which a caller must have one.

`Gated` is the class of every route. Credentials are looked at before the first byte of a body is; those that
counted within the last minute, before anything is done or answered (`bearers`).
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection  # noqa: TC002 - the framework looks what a dependency takes

from reconciler.model.events import Author
from reconciler.model.tokens import Scope, Token, token_digest, token_id
from reconciler.server.bearers import HOW_TO_SHOW_ONE, Bearer
from reconciler.server.identity import OF_ISSUERS, is_id_token
from reconciler.server.limits import limited
from reconciler.server.problems import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from datetime import datetime

    from fastapi import Request
    from starlette.responses import Response

    from reconciler.live.port import ServedPlatform
    from reconciler.server.dependencies import Bounds, Served
    from reconciler.server.parameters import Stated
    from reconciler.server.together import Together

_ANYONE: Final = "anyone"
"""Stands for the token, and for its name, in an open server: nothing more is known of a caller."""


class Call(Struct, frozen=True):
    """A request that was let in.

    Attributes:
        caller: Id of the token; of an ID token, what stands for its subject.
        author: Name of the token: who is recorded for what the caller does.
        scopes: What the caller may do.
        now: The server's own instant, at which whatever the caller writes is done.
        together: Asks small questions together with those of others.
        bearer: Who shows a token of this server, which may still have to be looked at; None: nobody does.
    """

    served: Served
    caller: str
    author: str
    scopes: frozenset[Scope]
    now: datetime
    together: Together
    bearer: Bearer | None = None

    @property
    def platform(self) -> ServedPlatform:
        """The platform that is served, to whoever is let in: the token is looked at first, if it was not."""
        if self.bearer is not None:
            self.bearer.look()
        return self.served.platform

    @property
    def bounds(self) -> Bounds:
        """What the request may cost."""
        return self.served.bounds

    @property
    def is_by_token(self) -> bool:
        """Whether the caller showed a token of this server, and is not anybody or an issuer's."""
        return self.caller != _ANYONE and not self.caller.startswith(OF_ISSUERS)

    def instant(self, stated: datetime | None) -> datetime:
        """Return the instant that a question states, or now. A write happens now, whatever it states."""
        return self.now if stated is None else stated.astimezone(UTC)

    def writer(self, stated: Stated) -> Author:
        """Return who is recorded for a write: the token, and whom the sender names beside it."""
        return Author(self.author, stated.actor, stated.reason)

    def may(self, *scopes: Scope) -> bool:
        """Whether the caller has one of these scopes."""
        return not self.scopes.isdisjoint({*scopes, Scope.ADMIN})

    def require(self, *scopes: Scope) -> None:
        """Refuse a caller with none of these scopes, where the body decides which is needed."""
        if not self.may(*scopes):
            raise _forbidden(frozenset(scopes))


class Needs(HTTPBearer):
    """A dependency that lets in whoever has one of the scopes; with none, whoever has a valid token."""

    def __init__(self, *scopes: Scope) -> None:
        description = "Made by `reconciler tokens create`."
        super().__init__(scheme_name=HTTPBearer.__name__, auto_error=False, description=description)
        self.scopes = frozenset(scopes)

    async def __call__(self, request: HTTPConnection) -> Any:
        """Return the call that `Gated` let in."""
        return request.state.call

    async def credentials(self, request: Request) -> HTTPAuthorizationCredentials | None:
        """Return what the sender shows."""
        return await super().__call__(request)

    async def let_in(
        self, request: Request, credentials: HTTPAuthorizationCredentials | None, *, is_ordinary: bool
    ) -> Call:
        """Return the call, or refuse: 401 without a valid token, 403 without a scope.

        Where the request `is_ordinary`, a token that counted lately is looked at with what it is used for.
        """
        served: Served = request.app.state.served
        now = served.clock()
        token, bearer = await _holder(request, credentials, now, is_ordinary=is_ordinary)
        if token is None:
            return Call(served, _ANYONE, _ANYONE, frozenset(Scope), now, _together(request))
        request.state.token = token.id
        if not token.allows(self.scopes):
            raise _forbidden(self.scopes)
        return Call(served, token.id, token.name, frozenset(token.scopes), now, _together(request), bearer)


class Gated(APIRoute):
    """A route that reads nothing of a request before it let its sender in, and no more than it may then.

    The framework reads bodies before it asks dependencies: an endpoint's own would come too late.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what serves a request."""
        handle = super().get_route_handler()
        wanted = (each.call for each in self.dependant.dependencies)
        needs = next((call for call in wanted if isinstance(call, Needs)), None)
        if needs is None:
            return handle

        async def gated(request: Request) -> Response:
            served: Served = request.app.state.served
            credentials = await needs.credentials(request)
            is_ordinary = served.bounds.of(self.path) == served.bounds.body_bytes
            try:
                call = await needs.let_in(request, credentials, is_ordinary=is_ordinary)
                _require_named(call, request)
                request.state.call = call
                async with _sure(call):
                    response = await handle(limited(request, served.bounds, self.path))
            except Refusal as refusal:
                raise (refusal if credentials is None else _slowed(request, refusal)) from None
            if served.tokens is not None and call.is_by_token:
                response.background = request.app.state.last_uses.noting(served.tokens, call.caller, call.now)
            return response

        return gated


@asynccontextmanager
async def _sure(call: Call) -> AsyncIterator[None]:
    """Have nothing be answered, and no failure be told, before the caller's token was looked at."""
    try:
        yield
    finally:
        if call.bearer is not None and not call.bearer.is_sure:
            await run_in_threadpool(call.bearer.look)


def _slowed(request: Request, refusal: Refusal) -> Refusal:
    """Return the refusal of credentials; after many from one address, one that says when to come again."""
    if refusal.problem.status != 401:  # noqa: PLR2004 - HTTP's
        return refusal
    address = request.client.host if request.client else ""
    wait = request.app.state.failures.wait_after(address, request.app.state.served.clock())
    return Refusal("too-many-failures", _TOO_MANY, hint=HOW_TO_SHOW_ONE, wait=wait) if wait else refusal


async def _holder(
    request: Request, credentials: HTTPAuthorizationCredentials | None, now: datetime, *, is_ordinary: bool
) -> tuple[Token | None, Bearer | None]:
    """Return the caller's token, and its bearer; None where nobody needs one, since none was ever made."""
    served: Served = request.app.state.served
    if served.tokens is None:
        return None, None
    if credentials is None:
        if await run_in_threadpool(lambda: served.is_open):
            return None, None
        raise Refusal("unauthorised", "The request has no bearer token.", hint=HOW_TO_SHOW_ONE)
    text = credentials.credentials
    if served.identities is not None and is_id_token(text):
        return await run_in_threadpool(served.identities.bearer, text, now), None
    bearer = Bearer(request.app.state.bearers, served.tokens, (token_id(text) or "", token_digest(text)), now)
    if bearer.token is None or not is_ordinary:
        is_one = bearer.shown[0]
        bearer.find(await _together(request).ask(served.tokens.find, bearer.shown) if is_one else None)
    return bearer.token, bearer


def _together(request: Request) -> Together:
    found: Together = request.app.state.together
    return found


_TOO_MANY: Final = "Credentials from this address failed too often; these did, too."


_NAMED: Final = "A server without tokens answers at localhost and at addresses, not at other names."
_MAKE_ONE: Final = "Make a token: reconciler tokens create NAME --scope read."


def _require_named(call: Call, request: Request) -> None:
    if call.caller == _ANYONE and not _is_for_this_machine(request):
        raise Refusal("forbidden", _NAMED, hint=_MAKE_ONE)


def _is_for_this_machine(request: Request) -> bool:
    """Whether the URL that the sender used says `localhost` or an address.

    Of any other name, a web page that somebody here opened could be the owner: it has the name lead to this
    machine, and its scripts may then read what is answered (DNS rebinding). The framework's `request.url`
    would take this server's own address for a name that it finds malformed.
    """
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return name == "localhost" or bool(ip_address(name))
    except ValueError:
        return False


def _forbidden(scopes: frozenset[Scope]) -> Refusal:
    names = " or ".join(sorted(scopes))
    return Refusal("forbidden", f"The token lacks the scope {names}.", hint="Use a token that has it.")
