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

    from reconciler.model.clients import Client

router = APIRouter(tags=["clients"], route_class=Gated)
_Adder = Annotated[Call, Depends(Needs(Scope.CLIENTS))]
_Assigner = Annotated[Call, Depends(Needs(Scope.SUBSCRIPTIONS))]
_Product = Annotated[Call, Depends(Needs(Scope.USAGE))]
_NewId = Annotated[Annotated[str, CLIENT_ID] | None, Query(description="Under this id what it holds stays.")]
_DryRun = Annotated[bool, Query(description="Say what it would do, and write nothing.")]


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
def update_client(  # noqa: PLR0913, PLR0917 - path, headers and body are parameters each
    request: Request,
    call: _Adder,
    client_id: ClientId,
    body: ClientUpdateBody,
    idempotency_key: IdempotencyKey,
    if_match: IfMatch,
    by: By,
) -> Response:
    """Change a client's name, its owner's address or its status; what is left out is kept."""
    change, author = _Conditional(call, client_id, if_match), call.writer(by)
    stated = ClientUpdate(client_id, **dict(body))
    text = asked(request, change.condition, body.model_dump_json())
    updated = change.effect(lambda: call.platform.update_client(stated, call.now, by=author))
    return Write(call, idempotency_key, text).done(updated)


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


@router.put(paths.SUBSCRIPTION, response_model=ClientReply | AssignmentReply)
def assign(  # noqa: PLR0913, PLR0917 - path, query, headers and body are parameters each
    request: Request,
    call: _Assigner,
    client_id: ClientId,
    body: AssignBody,
    idempotency_key: IdempotencyKey,
    if_match: IfMatch,
    by: By,
    *,
    dry_run: _DryRun = False,
) -> Response:
    """Give a client a package by hand: a new snapshot, start and cycle.

    With `dry_run` nothing is written, and the answer is an `AssignmentReply`: what the client would lose and
    gain, and what would begin anew.
    """
    change = _Conditional(call, client_id, if_match)
    if dry_run:
        change.check()
        foreseen = call.platform.foresee(client_id, body.package, call.now)
        return shown(AssignmentReply.of(foreseen))
    text = asked(request, change.condition, body.model_dump_json())
    author = call.writer(by)
    assigned = change.effect(lambda: call.platform.assign(client_id, body.package, call.now, by=author))
    return Write(call, idempotency_key, text).done(assigned)


@router.post(paths.ADJUSTMENTS, response_model=ClientReply | AdjustedReply)
def adjust(  # noqa: PLR0913, PLR0917 - path, query, headers and body are parameters each
    request: Request,
    call: _Assigner,
    client_id: ClientId,
    body: AdjustBody,
    idempotency_key: IdempotencyKey,
    if_match: IfMatch,
    by: By,
    *,
    dry_run: _DryRun = False,
) -> Response:
    """Grant a client something beside its package, revoke a grant, or extend its subscription.

    With `dry_run` nothing is written, and the answer is an `AdjustedReply`: the client as it is, and as it
    would be.
    """
    change = _Conditional(call, client_id, if_match)
    if dry_run:
        change.check()
        return shown(AdjustedReply.of(call.platform.foresee_adjustment(client_id, body.adjustment, call.now)))
    text = asked(request, change.condition, body.model_dump_json())
    author = call.writer(by)
    adjusted = change.effect(lambda: call.platform.adjust(client_id, body.adjustment, call.now, by=author))
    return Write(call, idempotency_key, text).done(adjusted)


@router.put(paths.USERS, response_model=ClientReply)
def set_users(  # noqa: PLR0913, PLR0917 - path, headers and body are parameters each
    request: Request,
    call: _Product,
    client_id: ClientId,
    body: UsersBody,
    idempotency_key: IdempotencyKey,
    if_match: IfMatch,
) -> Response:
    """Set a client's number of team members; refused where it grows beyond the cap."""
    change = _Conditional(call, client_id, if_match)
    text = asked(request, change.condition, body.model_dump_json())
    counted = change.effect(lambda: call.platform.set_users(client_id, body.users, call.now))
    return Write(call, idempotency_key, text).done(counted)


@router.post(paths.USAGE, response_model=UsageReply)
def record_usage(
    request: Request, call: _Product, client_id: ClientId, body: UsageBody, idempotency_key: IdempotencyKey
) -> Response:
    """Add to what a client has used; refused beyond its allowance. An addition needs no condition."""

    def effect() -> UsageReply:
        total = call.platform.record_usage(client_id, body.meter, body.amount, call.now)
        return UsageReply(meter=body.meter, total=total)

    return Write(call, idempotency_key, asked(request, body.model_dump_json())).done(effect)


@router.post(paths.CYCLE, response_model=ClientReply)
def start_cycle(
    request: Request,
    call: _Product,
    client_id: ClientId,
    idempotency_key: IdempotencyKey,
    if_match: IfMatch,
) -> Response:
    """Begin a client's next billing cycle."""
    change = _Conditional(call, client_id, if_match)
    begun = change.effect(lambda: call.platform.start_cycle(client_id, call.now))
    return Write(call, idempotency_key, asked(request, change.condition)).done(begun)


class _Conditional:
    """A write to a client that must be as the caller read it."""

    def __init__(self, call: Call, client_id: str, condition: str) -> None:
        self.condition = condition
        self._call = call
        self._client_id = client_id

    def effect(self, change: Callable[[], Client]) -> Callable[[], ClientReply]:
        """Return the change, preceded by looking whether the condition holds."""

        def checked() -> ClientReply:
            self.check()
            return ClientReply.of(change())

        return checked

    def check(self) -> None:
        """Refuse where the condition does not hold."""
        if self.condition.strip() != ANY:
            current = self._call.platform.client(self._client_id, self._call.now)
            require_match(self.condition, ClientReply.of(current))
