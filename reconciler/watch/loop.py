"""Turning: cycle after cycle until a signal says stop, with longer rests while something is out of reach."""

from __future__ import annotations

import random
import signal
from contextlib import contextmanager
from threading import Event as Flag
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from reconciler.watch.events import Event, Outcome
from reconciler.watch.log import document, log_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from reconciler.watch.follower import Follower
    from reconciler.watch.metrics import Metrics
    from reconciler.watch.webhook import Webhook

_LONGEST_REST: Final = 900.0
_MOST_DOUBLINGS: Final = 10


_WORTH_A_NOTICE: Final = frozenset(
    {
        Outcome.APPLIED,
        Outcome.BLOCKED,
        Outcome.INVALID,
        Outcome.DRIFTED,
        Outcome.FAILED,
        Outcome.RECOVERED,
        Outcome.REWOUND,
    }
)
_MISSED_CYCLES: Final = 3
_GRACE: Final = 120.0


class Backoff(Struct, frozen=True):
    """Seconds between cycles; after failures twice as long each time, up to a quarter of an hour.

    Attributes:
        jitter: The share by which a rest is made longer or shorter, so that instances spread out.
    """

    interval: float
    jitter: float = 0.1

    def rest(self, failures: int, chance: float) -> float:
        """Return the seconds to rest after so many failures in a row; `chance` lies in [0, 1)."""
        longest = max(self.interval, _LONGEST_REST)
        seconds = min(self.interval * 2 ** min(failures, _MOST_DOUBLINGS), longest)
        return float(seconds * (1 + self.jitter * (2 * chance - 1)))


class Loop(Struct):
    """One turning loop; what it counts is read by the probes' threads.

    Attributes:
        say: Writes a line of the log.
        clock: Tells now, in UTC.
        suspended_by: While this file exists, nothing is looked at.
    """

    follower: Follower
    backoff: Backoff
    environment: str
    say: Callable[[str], None]
    clock: Callable[[], datetime]
    metrics: Metrics | None = None
    webhook: Webhook | None = None
    suspended_by: Path | None = None
    stop: Flag = field(default_factory=Flag)
    _failures: int = 0
    _was_suspended: bool = False
    _turned_at: float = field(default_factory=monotonic)
    _has_reached_all: bool = False

    def turn(self, *, once: bool = False) -> bool:
        """Cycle until stopped, or once; return whether the last cycle reached repository and platform."""
        while not self.stop.is_set():
            if not self._is_suspended():
                self._cycle()
            self._turned_at = monotonic()
            if once or self.stop.wait(self.backoff.rest(self._failures, random.random())):  # noqa: S311 - spreads rests
                break
        return self._has_reached_all

    def is_alive(self) -> bool:
        """Whether a cycle ended within the last few intervals."""
        longest = self.backoff.rest(self._failures, 1.0)
        return monotonic() - self._turned_at < _MISSED_CYCLES * longest + _GRACE

    def is_ready(self) -> bool:
        """Whether the last cycle reached both the repository and the platform."""
        return self._has_reached_all

    def _cycle(self) -> None:
        began = monotonic()
        events = list(self.follower.cycle(self.clock()))
        has_failed = any(event.outcome is Outcome.FAILED for event in events)
        self._failures = self._failures + 1 if has_failed else 0
        self._has_reached_all = not has_failed
        for event in events:
            self.say(log_line(event, self.environment))
            self._notify(event)
        if self.metrics is not None:
            self.metrics.count(events, monotonic() - began)

    def _notify(self, event: Event) -> None:
        if self.webhook is None or not event.is_news or event.outcome not in _WORTH_A_NOTICE:
            return
        problem = self.webhook.send(document(event, self.environment), int(event.at.timestamp()))
        if problem:
            failed = Event(Outcome.FAILED, self.clock(), message=f"The notice was not delivered: {problem}")
            self.say(log_line(failed, self.environment))

    def _is_suspended(self) -> bool:
        is_suspended = self.suspended_by is not None and self.suspended_by.exists()
        if self.metrics is not None:
            self.metrics.suspend(is_suspended=is_suspended)
        if is_suspended != self._was_suspended:
            self._was_suspended = is_suspended
            outcome = Outcome.SUSPENDED if is_suspended else Outcome.RESUMED
            self.say(log_line(Event(outcome, self.clock()), self.environment))
        return is_suspended


@contextmanager
def stopped_by_signals(stop: Flag) -> Iterator[None]:
    """Let SIGTERM and SIGINT end the loop after the cycle that runs, while the block runs."""

    def remember(_number: int, _frame: Any) -> None:
        stop.set()

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
