"""Questions about clients: all that planning asks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter
from starlette.responses import Response

from reconciler.model.questions import Tally
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import shown
from reconciler.server.ndjson import LinesResponse, quoted, streamed
from reconciler.server.parameters import At, Key, Meter, Since
from reconciler.wire import paths
from reconciler.wire.questions import (
    AcknowledgedReply,
    AllOutdatedReply,
    AnswersReply,
    GrantedReply,
    HeldReply,
    HoldersReply,
    HoldingsBody,
    HoldingsReply,
    LostReply,
    MatchingBody,
    NthBody,
    NthReply,
    OutdatedReply,
    PackageGrantsReply,
    QuestionsBody,
    SuspendedReply,
    WaitingReply,
)

router = APIRouter(tags=["questions"], route_class=Gated)
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]
_TALLY: Final = TypeAdapter(Tally)


@router.post(paths.HOLDINGS, response_model=HoldingsReply)
def holdings(call: _Reader, body: HoldingsBody) -> Response:
    """Count the active holders of packages, per revision."""
    held = call.platform.holdings(set(body.keys), body.at)
    items = (
        HeldReply(key=key, revision=revision, clients=clients)
        for key, revisions in sorted(held.items())
        for revision, clients in sorted(revisions.items())
    )
    return shown(HoldingsReply(items=tuple(items)))


@router.post(paths.SUSPENDED, response_model=SuspendedReply)
def suspended(call: _Reader, body: HoldingsBody) -> Response:
    """Count the holders of packages who are not active themselves, but whose subscription has not ended."""
    held = call.platform.suspended(set(body.keys), body.at)
    items = (WaitingReply(key=key, clients=clients) for key, clients in sorted(held.items()))
    return shown(SuspendedReply(items=tuple(items)))


@router.post(paths.GRANTED, response_model=GrantedReply)
def granted(call: _Reader, body: HoldingsBody) -> Response:
    """Name the terms that active holders of packages were granted; `expiry` stands for an extension."""
    found = call.platform.granted_terms(set(body.keys), body.at)
    items = (PackageGrantsReply(key=key, terms=tuple(sorted(terms))) for key, terms in sorted(found.items()))
    return shown(GrantedReply(items=tuple(items)))


@router.get(paths.HOLDERS, response_model=HoldersReply)
def holders(call: _Reader, at: At = None) -> Response:
    """Count the clients with an active subscription to any package."""
    return shown(HoldersReply(clients=call.platform.holder_count(call.instant(at))))


@router.get(paths.OUTDATED, response_model=AllOutdatedReply)
def outdated(call: _Reader, at: At = None) -> Response:
    """Count the active holders of older revisions that grant something else than the current one."""
    found = call.platform.outdated(call.instant(at))
    return shown(AllOutdatedReply(items=tuple(map(OutdatedReply.model_validate, found))))


@router.get(paths.ACKNOWLEDGEMENTS, response_model=AcknowledgedReply)
def acknowledged(call: _Reader, at: At = None) -> Response:
    """Return the acknowledgements of the last applied run, with how many clients lost what each names."""
    return shown(AcknowledgedReply(items=call.platform.acknowledged(call.instant(at))))


@router.get(paths.LOSSES, response_model=LostReply)
def losses(call: _Reader, since: Since) -> Response:
    """Count the distinct clients who lost anything since an instant and were not restored by a rollback."""
    return shown(LostReply(lost=call.platform.lost_since(since)))


@router.post(paths.ANSWERS, response_model=AnswersReply)
def answers(call: _Reader, body: QuestionsBody) -> Response:
    """Answer questions about clients, in their order."""
    found = call.platform.answers(body.questions, body.at, sample=body.sample)
    return shown(AnswersReply(items=found))


@router.post(paths.MATCHING, response_class=LinesResponse)
def matching(call: _Reader, body: MatchingBody) -> Response:
    """Stream the ids of all clients that match a question, a JSON text per line."""
    ids = call.platform.matching(body.question, body.at)
    return streamed(map(quoted, ids))


@router.post(paths.NTH_MATCHING, response_model=NthReply)
def nth_matching(call: _Reader, body: NthBody) -> Response:
    """Return the id of the n-th client that matches a question."""
    found = call.platform.nth_matching(body.question, body.n, body.at)
    return shown(NthReply(id=found))


@router.get(paths.CONSUMPTION, response_class=LinesResponse)
def consumption(call: _Reader, key: Key, meter: Meter, at: At = None) -> Response:
    """Stream how many active holders of a package use how much of a meter, smallest amount first."""
    found = call.platform.consumption(key, meter, call.instant(at))
    return streamed(_TALLY.dump_json(tally).decode() for tally in found)
