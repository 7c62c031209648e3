"""What the loop counts, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from reconciler.watch.events import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.watch.events import Event

_PREFIX: Final = "reconciler_watch_"
_CLEARS: Final = frozenset({Outcome.IN_STEP, Outcome.APPLIED})
_GAUGES: Final = {
    Outcome.DRIFTED: ("drift", "1 while somebody else's change of the platform stands"),
    Outcome.BLOCKED: ("blocked", "1 while a guard holds the newest commit back"),
    Outcome.INVALID: ("invalid", "1 while the newest commit has invalid files"),
}


class Metrics:
    """One registry of its own, so that several loops in one process do not meet."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._events = Counter(f"{_PREFIX}events", "What came out of cycles", ["outcome"], registry=registry)
        self._seconds = Histogram(f"{_PREFIX}cycle_seconds", "How long cycles took", registry=registry)
        self._success = self._gauge("last_success_timestamp_seconds", "When a cycle last ended well")
        self._suspended = self._gauge("suspended", "1 while the loop is suspended")
        self._states = {outcome: self._gauge(name, text) for outcome, (name, text) in _GAUGES.items()}
        for outcome in Outcome:
            self._events.labels(outcome.value)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"{_PREFIX}{name}", text, registry=self._registry)

    def count(self, events: Sequence[Event], seconds: float) -> None:
        """Take in one cycle."""
        self._seconds.observe(seconds)
        outcomes = {event.outcome for event in events}
        for event in events:
            self._events.labels(event.outcome.value).inc()
        if outcomes and Outcome.FAILED not in outcomes:
            self._success.set(events[-1].at.timestamp())
        for outcome, gauge in self._states.items():
            if outcome in outcomes:
                gauge.set(1)
            elif outcomes & _CLEARS:
                gauge.set(0)

    def suspend(self, *, is_suspended: bool) -> None:
        """Take in whether the loop does anything at all."""
        self._suspended.set(is_suspended)

    def text(self) -> bytes:
        """Return everything in the format that Prometheus reads."""
        return generate_latest(self._registry)
