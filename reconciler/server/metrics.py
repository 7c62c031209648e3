"""Figures of one server process, for Prometheus. Routes are named by their templates: no ids, no secrets."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from reconciler.wire.paths import VERSION
from reconciler.wire.versions import VERSION as SPOKEN

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Figures:
    """Counts requests and how long they took."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("reconciler_requests", "Requests answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "reconciler_request_seconds",
            "Time until an answer was sent.",
            labels[:2],
            registry=self._registry,
        )
        self._open = Gauge("reconciler_requests_open", "Requests being answered.", registry=self._registry)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def begin(self) -> None:
        """Count a request that came."""
        self._open.inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._open.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)


class Observed:
    """Has every request counted, and every answer say which version it speaks."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (VERSION.lower().encode(), str(SPOKEN).encode())]
            await send(message)

        self._figures.begin()
        try:
            await self._app(scope, receive, watched)
        finally:
            self._figures.end(_method(scope), _route(scope), status, perf_counter() - started)


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in {"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"} else "other"


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "none"))
