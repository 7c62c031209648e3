"""Figures of one server process, for Prometheus. Routes are named by their templates: no ids, no secrets."""

from __future__ import annotations

from platform import python_version
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from reconciler import __version__

if TYPE_CHECKING:
    from reconciler.live.port import ServedPlatform


class Figures:
    """Counts requests and how long they took; tells of the process, its connections and its build."""

    def __init__(self, platform: ServedPlatform) -> None:
        self._registry = CollectorRegistry()
        self._describe(platform)
        labels = ("method", "route", "status")
        self._requests = Counter("reconciler_requests", "Requests answered.", labels, registry=self._registry)
        self._seconds = Histogram(
            "reconciler_request_seconds",
            "Time until an answer was sent.",
            labels[:2],
            registry=self._registry,
        )
        self._open = Gauge("reconciler_requests_open", "Requests being answered.", registry=self._registry)

    def _describe(self, platform: ServedPlatform) -> None:
        registry = self._registry
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        build = {"version": __version__, "python": python_version()}
        Info("reconciler_build", "What serves.", registry=registry).info(build)
        pool = {
            "in_use": ("Connections to the database that are in use.", lambda: platform.pool().in_use),
            "most": ("Connections to the database that there may be.", lambda: platform.pool().most),
        }
        for name, (text, count) in pool.items():
            gauge = Gauge(f"reconciler_database_connections_{name}", text, registry=registry)
            gauge.set_function(count)

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
