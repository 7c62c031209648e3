"""Questions about clients: all that planning asks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import TypeAdapter
from starlette.responses import Response

from reconciler.model.questions import Tally
from reconciler.model.tokens import Scope
from reconciler.server import counting
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
    HoldersReply,
    HoldingsBody,
    HoldingsReply,
    LostReply,
    MatchingBody,
    NthBody,
    NthReply,
    QuestionsBody,
    SuspendedReply,
)
from reconciler.wire.together import TogetherBody, TogetherReply

router = APIRouter(tags=["questions"], route_class=Gated)
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]
_TALLY: Final = TypeAdapter(Tally)


@router.post(paths.HOLDINGS, response_model=HoldingsReply)
def holdings(call: _Reader, body: HoldingsBody) -> Response:
    """Count the active holders of packages, per revision."""
    return shown(counting.holdings(call.platform, body))


@router.post(paths.SUSPENDED, response_model=SuspendedReply)
def suspended(call: _Reader, body: HoldingsBody) -> Response:
    """Count the holders of packages who are not active themselves, but whose subscription has not ended."""
    return shown(counting.suspended(call.platform, body))


@router.post(paths.GRANTED, response_model=GrantedReply)
def granted(call: _Reader, body: HoldingsBody) -> Response:
    """Name the terms that active holders of packages were granted; `expiry` stands for an extension."""
    return shown(counting.granted(call.platform, body))


@router.get(paths.HOLDERS, response_model=HoldersReply)
def holders(call: _Reader, at: At = None) -> Response:
    """Count the clients with an active subscription to any package."""
    return shown(counting.holders(call.platform, call.instant(at)))


@router.get(paths.OUTDATED, response_model=AllOutdatedReply)
def outdated(call: _Reader, at: At = None) -> Response:
    """Count the active holders of older revisions that grant something else than the current one."""
    return shown(counting.outdated(call.platform, call.instant(at)))


@router.get(paths.ACKNOWLEDGEMENTS, response_model=AcknowledgedReply)
def acknowledged(call: _Reader, at: At = None) -> Response:
    """Return the acknowledgements of the last applied run, with how many clients lost what each names."""
    return shown(counting.acknowledged(call.platform, call.instant(at)))


@router.get(paths.LOSSES, response_model=LostReply)
def losses(call: _Reader, since: Since) -> Response:
    """Count the distinct clients who lost anything since an instant and were not restored by a rollback."""
    return shown(LostReply(lost=call.platform.lost_since(since)))


@router.post(paths.ANSWERS, response_model=AnswersReply)
def answers(call: _Reader, body: QuestionsBody) -> Response:
    """Answer questions about clients, in their order."""
    found = call.platform.answers(body.questions, body.at, sample=body.sample)
    return shown(AnswersReply(items=found))


@router.post(paths.TOGETHER, response_model=TogetherReply)
def together(call: _Reader, body: TogetherBody) -> Response:
    """Answer all that is asked as of one instant; 409 where the platform is in another state than named."""
    return shown(call.platform.at_one_instant(lambda still: counting.together(still, body)))


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
