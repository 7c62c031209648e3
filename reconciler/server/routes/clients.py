"""Clients: seeing them, and what they may use."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from reconciler.model.clients import ClientFilter, ClientStatus
from reconciler.model.forms import CLIENT_ID, KEY, PACKAGE_KEY
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import IfNoneMatch, shown
from reconciler.server.ndjson import LinesResponse, streamed
from reconciler.server.parameters import At, ClientId, Until
from reconciler.wire import paths
from reconciler.wire.clients import ClientReply, ClientsReply, EntitlementsReply, client_line
from reconciler.wire.packages import DefinitionBody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.clients import Client

router = APIRouter(tags=["clients"], route_class=Gated)
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]
_Product = Annotated[Call, Depends(Needs(Scope.READ, Scope.USAGE))]
_Key = Annotated[Annotated[str, KEY] | None, Query(description="Of a feature, a limit or a cap.")]
_Package = Annotated[Annotated[str, PACKAGE_KEY] | None, Query()]
_After = Annotated[Annotated[str, CLIENT_ID] | None, Query(description="`next` of the page before.")]
_Limit = Annotated[int, Query(ge=1, le=10_000, description="Of a page; a stream is of all.")]
_STREAM: Final[dict[int | str, dict[str, object]]] = {
    200: {"content": {paths.LINES: {"schema": {"type": "string"}}}}
}


@router.get(paths.ENTITLEMENTS, response_model=EntitlementsReply)
async def entitlements(
    call: _Product, client_id: ClientId, at: At = None, if_none_match: IfNoneMatch = None
) -> Response:
    """Return what a client may use right now: what the product asks before it lets a client do something."""
    instant, bearer = call.instant(at), call.bearer
    holder = None if bearer is None or bearer.is_sure else bearer.shown
    token, found = await call.together.ask(call.served.entitled, (client_id, instant, holder)) or (None, None)
    if bearer is not None and holder is not None:
        bearer.find(token)
    if found is None:
        found = (await run_in_threadpool(call.platform.client, client_id, instant)).entitlements
    return shown(EntitlementsReply.of(found), if_none_match)


@router.get(paths.CLIENTS, response_model=ClientsReply, responses=_STREAM)
def clients(  # noqa: PLR0913, PLR0917 - a parameter each
    request: Request,
    call: _Reader,
    at: At = None,
    package: _Package = None,
    status: ClientStatus | None = None,
    holds: _Key = None,
    uses: _Key = None,
    after: _After = None,
    limit: _Limit = 1_000,
    *,
    outdated: bool = False,
    granted: bool = False,
) -> Response:
    """List clients by id: of one package or of all, or only the outdated ones (rule 14).

    One per line, all of them; a page at a time for who accepts JSON and no lines.

    Or only those of one status, or whose snapshot grants a feature, a limit or a cap (`holds`), or who have
    used it in this cycle (`uses`), or who have something beside their package (`granted`).
    """
    only = ClientFilter(status, holds, uses, granted, after)
    found = call.platform.clients(call.instant(at), package=package, outdated=outdated, only=only)
    if _takes_pages(request):
        return shown(_page(found, min(limit, call.bounds.page)))
    return streamed(map(client_line, found))


@router.get(paths.EXPIRING, response_class=LinesResponse)
def expiring(call: _Reader, until: Until, at: At = None) -> Response:
    """Stream the clients whose active subscription ends by an instant, soonest first, one per line."""
    found = call.platform.expiring(call.instant(at), until)
    return streamed(map(client_line, found))


@router.get(paths.CLIENT, response_model=ClientReply)
def client(call: _Reader, client_id: ClientId, at: At = None, if_none_match: IfNoneMatch = None) -> Response:
    """Return one client with what it holds, may use and has used."""
    return shown(ClientReply.of(call.platform.client(client_id, call.instant(at))), if_none_match)


@router.get(paths.SNAPSHOT, response_model=DefinitionBody)
def snapshot(call: _Reader, client_id: ClientId, if_none_match: IfNoneMatch = None) -> Response:
    """Return the definition that a client's subscription is a snapshot of."""
    return shown(DefinitionBody.of(call.platform.snapshot(client_id)), if_none_match)


def _takes_pages(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return paths.JSON in accepted and paths.LINES not in accepted


def _page(found: Iterator[Client], size: int) -> ClientsReply:
    some = [*islice(found, size + 1)]
    following = some[size - 1].id if len(some) > size else None
    return ClientsReply(items=tuple(map(ClientReply.of, some[:size])), next=following)
