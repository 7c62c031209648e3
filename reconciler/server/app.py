"""The application: routes, limits, figures and problems put together around one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from reconciler import __version__
from reconciler.server import refusals
from reconciler.server.limits import BodyLimit
from reconciler.server.metrics import Figures, Observed
from reconciler.server.routes import (
    changes,
    clients,
    imports,
    packages,
    platform,
    probes,
    questions,
    subscriptions,
)
from reconciler.wire.paths import PROBLEM
from reconciler.wire.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from reconciler.server.serving import Served

_ROUTERS: Final = (platform, packages, questions, clients, subscriptions, imports, changes, probes)
_GZIP_FROM: Final = 1_000
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": description, "content": {PROBLEM: {}}}
    for status, description in (
        (400, "The request cannot be read."),
        (401, "A valid token is required."),
        (403, "The token does not allow this."),
        (404, "There is no such thing."),
        (409, "A rule forbids it, or the platform moved."),
        (412, "It is not in the state that was stated."),
        (413, "The request is too large."),
        (415, "The body is of the wrong type."),
        (422, "The request is invalid, or its key was used for another one."),
        (428, "A condition is required."),
        (503, "The platform is out of reach."),
    )
}


def application(served: Served) -> ASGIApp:
    """Return what serves a platform."""
    api = FastAPI(
        title="reconciler",
        summary="Packages, the clients who hold them, and changes to both.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses=_PROBLEMS,
    )
    api.state.served = served
    api.state.figures = Figures()
    for module in _ROUTERS:
        api.include_router(module.router)
    refusals.install(api)
    api.add_middleware(GZipMiddleware, minimum_size=_GZIP_FROM)
    api.add_middleware(BodyLimit, bounds=served.bounds)
    api.add_middleware(Observed, figures=api.state.figures)
    return api
