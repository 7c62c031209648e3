"""What a load balancer and Prometheus ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from reconciler.model.tokens import Scope
from reconciler.server.auth import Call, Gated, Needs
from reconciler.server.dependencies import Served
from reconciler.server.metrics import Figures
from reconciler.wire import paths

router = APIRouter(tags=["probes"], route_class=Gated)
_Prometheus = Annotated[Call, Depends(Needs(Scope.METRICS))]


@router.head(paths.HEALTH, response_class=PlainTextResponse, include_in_schema=False)
@router.get(paths.HEALTH, response_class=PlainTextResponse)
async def health() -> str:
    """Say that the process serves."""
    return "ok\n"


@router.head(paths.READY, response_class=PlainTextResponse, include_in_schema=False)
@router.get(paths.READY, response_class=PlainTextResponse)
def ready(request: Request) -> str:
    """Say that the platform answers; 503 where it does not, for a reason that the log has."""
    served: Served = request.app.state.served
    served.platform.identity()
    return "ready\n"


@router.get(paths.METRICS, response_class=PlainTextResponse)
def metrics(request: Request, call: _Prometheus) -> Response:  # noqa: ARG001 - being let in is all it needs
    """Return this process's figures for Prometheus."""
    figures: Figures = request.app.state.figures
    return Response(figures.text(), media_type=CONTENT_TYPE_LATEST)
