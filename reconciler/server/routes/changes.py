"""Change sets, and the runs that they become."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from msgspec.structs import replace
from pydantic import TypeAdapter
from starlette.responses import Response

from reconciler.model.changesets import ChangeSet, Run
from reconciler.model.events import Event
from reconciler.model.forms import HASH
from reconciler.model.history import HistoryEntry
from reconciler.model.tokens import Scope
from reconciler.planning.loosening import GuardPair
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import shown
from reconciler.server.idempotency import IdempotencyKey, Write, asked
from reconciler.server.ndjson import LinesResponse, streamed
from reconciler.server.pagination import last_run, runs_page
from reconciler.server.parameters import ClientId, Key, Number
from reconciler.wire import paths
from reconciler.wire.changesets import (
    AllMovedReply,
    ChangeSetBody,
    RunReply,
    RunsReply,
    TransfersBody,
    TransfersReply,
)

router = APIRouter(tags=["changes"], route_class=Gated)
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]
_Changer = Annotated[Call, Depends(Needs(Scope.PACKAGES, Scope.SUBSCRIPTIONS))]
_Cursor = Annotated[str | None, Query(max_length=1_000, description="`next` of the page before.")]
_Limit = Annotated[int, Query(ge=1, le=10_000)]
_Before = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="Only runs older than the one of this number.")
]
_Latest = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only so many of the latest.")]
_EVENT: Final = TypeAdapter(Event)
_HISTORY: Final = TypeAdapter(HistoryEntry)
_Brief = Annotated[
    bool, Query(description="Without `changes`, `before` and `after`, which grow with the packages.")
]
_READ_TOGETHER: Final = 10
_Hash = Annotated[Annotated[str, HASH] | None, Query(description="Only the run of this plan.")]


@router.post(paths.CHANGE_SETS, response_model=RunReply)
def apply(request: Request, call: _Changer, body: ChangeSetBody, idempotency_key: IdempotencyKey) -> Response:
    """Do all of a change set or nothing. Each part states what it was planned on: 409 where that moved."""
    if body.writes or body.changes_catalog or body.guards is not None:
        call.require(Scope.PACKAGES)
    if body.allowed:
        call.require(Scope.WAIVE)

    def effect() -> RunReply:
        return RunReply.of(call.platform.apply(_permitted(call, body.value(call.author, call.now))))

    return Write(call, idempotency_key, asked(request, body.model_dump_json())).done(effect)


def _older_than(cursor: _Cursor = None, before: _Before = None) -> int | None:
    return before if cursor is None else last_run(cursor)


@router.get(paths.RUNS, response_model=RunsReply)
def runs(
    call: _Reader,
    before: Annotated[int | None, Depends(_older_than)],
    limit: _Limit = 50,
    plan_hash: _Hash = None,
    *,
    brief: _Brief = False,
) -> Response:
    """List the runs, newest first, a page at a time, or the run of one plan."""
    if plan_hash is not None:
        found = call.platform.run_of_plan(plan_hash)
        return shown(RunsReply(items=() if found is None else (RunReply.of(found),)))
    size = min(limit, call.bounds.page)

    def some(older: int | None) -> tuple[Run, ...]:
        return call.platform.runs(limit=min(_READ_TOGETHER, size + 1), before=older, brief=brief)

    return shown(runs_page(some, before, size, call.bounds.page_bytes))


@router.get(paths.RUN, response_model=RunReply)
def run(call: _Reader, run_id: Number) -> Response:
    """Return one run."""
    return shown(RunReply.of(call.platform.run(run_id)))


@router.get(paths.EVENTS, response_class=LinesResponse)
def events(call: _Reader, limit: _Latest = None) -> Response:
    """Stream what was written, by whom and why, one event per line, oldest first: all, or the latest."""
    return streamed(_EVENT.dump_json(event).decode() for event in call.platform.events(limit=limit))


@router.post(paths.TRANSFERS, response_model=TransfersReply)
def transfers(call: _Reader, body: TransfersBody) -> Response:
    """Say what taking back what hands or a run did to clients would do, or moving them between packages."""
    return shown(TransfersReply(transfers=call.platform.foresee_transfers(body.of, body.at)))


@router.get(paths.CLIENT_HISTORY, response_class=LinesResponse)
def client_history(call: _Reader, client_id: ClientId, limit: _Latest = None) -> Response:
    """Stream what was done to a client by hands, imports and runs, one entry per line, newest first."""
    found = call.platform.client_history(client_id, limit=limit)
    return streamed(_HISTORY.dump_json(each).decode() for each in found)


@router.get(paths.PACKAGE_HISTORY, response_class=LinesResponse)
def package_history(call: _Reader, key: Key, limit: _Latest = None) -> Response:
    """Stream what was done to a package by hands and runs, one entry per line, newest first."""
    found = call.platform.package_history(key, limit=limit)
    return streamed(_HISTORY.dump_json(each).decode() for each in found)


@router.get(paths.MOVED, response_model=AllMovedReply)
def moved(call: _Reader, run_id: Number) -> Response:
    """Return whom one run reassigned."""
    call.platform.run(run_id)
    found = call.platform.moved_by(run_id)
    return shown(AllMovedReply(items=found))


def _permitted(call: Call, change_set: ChangeSet) -> ChangeSet:
    """Return the change set without what it loosens of the guards, where the caller may not; that waits.

    Raises `Refusal` where nothing would be left of it.
    """
    former = call.platform.guards()
    if former is None or change_set.guards is None or call.may(Scope.GUARDS):
        return change_set
    pair = GuardPair(former, change_set.guards)
    loosened, _ = pair.changes(call.platform.holder_count(call.now) if pair.needs_holders else 0)
    left = pair.recorded({each.guard for each in loosened})
    if left != former:
        return replace(change_set, guards=left)
    if not (change_set.writes or change_set.moves or change_set.catalog != change_set.expected_catalog):
        call.require(Scope.GUARDS)
    return replace(change_set, guards=None)
