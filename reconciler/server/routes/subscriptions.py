"""What is done to clients: adding, assigning, recording use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from reconciler.model.clients import ClientUpdate
from reconciler.model.forms import CLIENT_ID
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import ANY, IfMatch, require_match, shown
from reconciler.server.idempotency import IdempotencyKey, Write, asked
from reconciler.server.parameters import By, ClientId
from reconciler.wire import paths
from reconciler.wire.clients import (
    AdjustBody,
    AdjustedReply,
    AssignBody,
    AssignmentReply,
    ClientLineBody,
    ClientReply,
    ClientUpdateBody,
    ForgottenReply,
    UsageBody,
    UsageReply,
    UsersBody,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from reconciler.model.clients import Client

router = APIRouter(tags=["clients"], route_class=Gated)
_Adder = Annotated[Call, Depends(Needs(Scope.CLIENTS))]
_Assigner = Annotated[Call, Depends(Needs(Scope.SUBSCRIPTIONS))]
_Product = Annotated[Call, Depends(Needs(Scope.USAGE))]
_NewId = Annotated[Annotated[str, CLIENT_ID] | None, Query(description="Under this id what it holds stays.")]
_DryRun = Annotated[bool, Query(description="Say what it would do, and write nothing.")]


class _Conditional:
    """A write to one client, under its key, that must be as the caller read it."""

    def __init__(self, request: Request, client_id: str, idempotency_key: str, if_match: str) -> None:
        self.client_id = client_id
        self._request = request
        self._key = idempotency_key
        self._condition = if_match

    def done(self, call: Call, body: BaseModel | None, change: Callable[[], Client]) -> Response:
        """Do what the body asks for, and return the client as it is then."""

        def effect() -> ClientReply:
            self.check(call)
            return ClientReply.of(change())

        parts = () if body is None else (body.model_dump_json(),)
        return Write(call, self._key, asked(self._request, self._condition, *parts)).done(effect)

    def check(self, call: Call) -> None:
        """Refuse where the condition does not hold."""
        if self._condition.strip() != ANY:
            current = call.platform.client(self.client_id, call.now)
            require_match(self._condition, ClientReply.of(current))


async def _conditional(
    request: Request, client_id: ClientId, idempotency_key: IdempotencyKey, if_match: IfMatch
) -> _Conditional:
    return _Conditional(request, client_id, idempotency_key, if_match)


_Change = Annotated[_Conditional, Depends(_conditional)]


@router.post(paths.USAGE, response_model=UsageReply)
def record_usage(
    request: Request, call: _Product, client_id: ClientId, body: UsageBody, idempotency_key: IdempotencyKey
) -> Response:
    """Add to what a client has used; refused beyond its allowance. An addition needs no condition."""

    def effect() -> UsageReply:
        total = call.platform.record_usage(client_id, body.meter, body.amount, call.now)
        return UsageReply(meter=body.meter, total=total)

    return Write(call, idempotency_key, asked(request, body.model_dump_json())).done(effect)


@router.put(paths.SUBSCRIPTION, response_model=ClientReply | AssignmentReply)
def assign(
    call: _Assigner, change: _Change, body: AssignBody, by: By, *, dry_run: _DryRun = False
) -> Response:
    """Give a client a package by hand: a new snapshot, start and cycle.

    With `dry_run` nothing is written, and the answer is an `AssignmentReply`: what the client would lose and
    gain, and what would begin anew.
    """
    client_id, platform, author = change.client_id, call.platform, call.writer(by)
    if dry_run:
        change.check(call)
        return shown(AssignmentReply.of(platform.foresee(client_id, body.package, call.now)))
    return change.done(call, body, lambda: platform.assign(client_id, body.package, call.now, by=author))


@router.post(paths.CLIENTS, response_model=ClientReply, status_code=201)
def add_client(
    request: Request, call: _Adder, body: ClientLineBody, idempotency_key: IdempotencyKey, by: By
) -> Response:
    """Add a client with its package; what it is granted beside needs the scope `subscriptions` too."""
    if body.grants:
        call.require(Scope.SUBSCRIPTIONS)

    def effect() -> ClientReply:
        return ClientReply.of(call.platform.add_client(body.value(), call.now, by=call.writer(by)))

    return Write(call, idempotency_key, asked(request, body.model_dump_json()), 201).done(effect)


@router.patch(paths.CLIENT, response_model=ClientReply)
def update_client(call: _Adder, change: _Change, body: ClientUpdateBody, by: By) -> Response:
    """Change a client's name, its owner's address or its status; what is left out is kept."""
    stated, author = ClientUpdate(change.client_id, **dict(body)), call.writer(by)
    return change.done(call, body, lambda: call.platform.update_client(stated, call.now, by=author))


@router.delete(paths.CLIENT, response_model=ForgottenReply)
def forget_client(  # noqa: PLR0913, PLR0917 - path, query and headers are parameters each
    request: Request,
    call: _Adder,
    client_id: ClientId,
    idempotency_key: IdempotencyKey,
    by: By,
    replaced_by: _NewId = None,
) -> Response:
    """Erase a client and the kept answers that name it; say what still does."""

    def effect() -> ForgottenReply:
        author = call.writer(by)
        found = call.platform.forget_client(client_id, call.now, replaced_by=replaced_by, by=author)
        return ForgottenReply(forgotten=found)

    return Write(call, idempotency_key, asked(request)).done(effect)


@router.post(paths.ADJUSTMENTS, response_model=ClientReply | AdjustedReply)
def adjust(
    call: _Assigner, change: _Change, body: AdjustBody, by: By, *, dry_run: _DryRun = False
) -> Response:
    """Grant a client something beside its package, revoke a grant, or extend its subscription.

    With `dry_run` nothing is written, and the answer is an `AdjustedReply`: the client as it is, and as it
    would be.
    """
    client_id, platform, author = change.client_id, call.platform, call.writer(by)
    if dry_run:
        change.check(call)
        return shown(AdjustedReply.of(platform.foresee_adjustment(client_id, body.adjustment, call.now)))
    return change.done(call, body, lambda: platform.adjust(client_id, body.adjustment, call.now, by=author))


@router.put(paths.USERS, response_model=ClientReply)
def set_users(call: _Product, change: _Change, body: UsersBody) -> Response:
    """Set a client's number of team members; refused where it grows beyond the cap."""
    return change.done(call, body, lambda: call.platform.set_users(change.client_id, body.users, call.now))


@router.post(paths.CYCLE, response_model=ClientReply)
def start_cycle(call: _Product, change: _Change) -> Response:
    """Begin a client's next billing cycle."""
    return change.done(call, None, lambda: call.platform.start_cycle(change.client_id, call.now))
