"""The platform itself: its identity, its catalog, the guards of the last apply."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from reconciler.live.port import state_of
from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.etags import IfNoneMatch, shown
from reconciler.wire import paths
from reconciler.wire.changesets import AllParkedReply, PlatformReply, StateReply
from reconciler.wire.guards import GuardsReply
from reconciler.wire.packages import CatalogReply
from reconciler.wire.versions import VERSION

router = APIRouter(tags=["platform"], route_class=Gated)
_Anybody = Annotated[Call, Depends(Needs())]
_Reader = Annotated[Call, Depends(Needs(Scope.READ))]


@router.get(paths.PLATFORM, response_model=PlatformReply)
def platform(call: _Anybody) -> Response:
    """Say which platform this is, and which versions of the API are spoken."""
    identity = call.platform.identity()
    return shown(PlatformReply(**dict(identity), versions=(VERSION,)))


@router.get(paths.STATE, response_model=StateReply)
def state(call: _Reader) -> Response:
    """Return what changes whenever packages, catalog, guards or runs do."""
    return shown(StateReply(token=state_of(call.platform)))


@router.get(paths.CATALOG, response_model=CatalogReply)
def catalog(call: _Reader, if_none_match: IfNoneMatch = None) -> Response:
    """Return the live catalog."""
    return shown(CatalogReply.of(call.platform.catalog()), if_none_match)


@router.get(paths.GUARDS, response_model=GuardsReply)
def guards(call: _Reader, if_none_match: IfNoneMatch = None) -> Response:
    """Return the guards that the last apply recorded."""
    return shown(GuardsReply.of(call.platform.guards()), if_none_match)


@router.get(paths.PARKED, response_model=AllParkedReply)
def parked(call: _Reader, if_none_match: IfNoneMatch = None) -> Response:
    """Return what rollbacks parked: whatever applies from the same files leaves it alone."""
    return shown(AllParkedReply(items=call.platform.parked()), if_none_match)
