"""The application: routes, limits, figures and problems put together around one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import compile_path

from reconciler import __version__
from reconciler.server import problems
from reconciler.server.bearers import Bearers
from reconciler.server.failures import Failures
from reconciler.server.last_use import LastUses
from reconciler.server.limits import Hangup
from reconciler.server.metrics import Figures
from reconciler.server.observing import Observed
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
from reconciler.server.together import Together
from reconciler.wire.problems import DESCRIPTIONS

if TYPE_CHECKING:
    import re

    from reconciler.server.dependencies import Served

_ROUTERS: Final = (subscriptions, clients, platform, packages, questions, imports, changes, probes)
"""In the order of how often they are asked, since a path is looked for in one after another."""
_TAGS: Final = [
    {"name": "platform", "description": "Which platform this is, its catalog and its guards."},
    {"name": "packages", "description": "Packages and their revisions."},
    {"name": "questions", "description": "What planning asks about clients."},
    {"name": "clients", "description": "Clients, what they hold, may use and have used."},
    {"name": "changes", "description": "Change sets, runs, events and history."},
    {"name": "probes", "description": "Whether the server lives, is ready, and its figures."},
]
_GZIP_FROM: Final = 1_000
_GZIP_LEVEL: Final = 1
"""JSON shrinks to a tenth by it, in less than half of the time of the usual one."""
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {"$ref": f"#/components/responses/{status}"} for status in DESCRIPTIONS
}


def application(served: Served) -> FastAPI:
    """Return what serves a platform: the API, limited and observed."""
    api = routes()
    api.state.served = served
    api.state.methods = _methods()
    api.state.figures = Figures(served.platform)
    api.state.last_uses = LastUses()
    api.state.together = Together()
    api.state.bearers = Bearers()
    api.state.failures = Failures(served.bounds.failures)
    api.add_middleware(GZipMiddleware, minimum_size=_GZIP_FROM, compresslevel=_GZIP_LEVEL)
    api.add_middleware(Hangup)
    api.add_middleware(Observed, figures=api.state.figures)
    _put_together(api)
    return api


def routes() -> FastAPI:
    """Return the routes alone, over nothing yet."""
    api = FastAPI(
        title="reconciler",
        summary="Packages, the clients who hold them, and changes to both.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would be to the host that the sender names
        responses=_RESPONSES,
        openapi_tags=_TAGS,
        generate_unique_id_function=_name,
    )
    for module in _ROUTERS:
        api.include_router(module.router)
    problems.install(api)
    return api


def _put_together(api: FastAPI) -> None:
    """Have FastAPI build its routes, which it does when it is first asked for one, before a request does."""
    for route in api.routes:
        route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})


def _methods() -> list[tuple[re.Pattern[str], str]]:
    """Return which methods each path takes, where the framework knows only one route's."""
    found: dict[str, set[str]] = {}
    for route in (each for module in _ROUTERS for each in module.router.routes):
        assert isinstance(route, APIRoute)  # noqa: S101 - for type checkers
        found.setdefault(route.path, set()).update(route.methods or ())
    return [(compile_path(path)[0], ", ".join(sorted(methods))) for path, methods in found.items()]


def _name(route: APIRoute) -> str:
    return route.name
