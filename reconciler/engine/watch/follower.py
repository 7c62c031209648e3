"""Following a branch: what one cycle does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reconciler.engine.watch.assessment import Assessment, assess, state_of
from reconciler.engine.watch.events import Event, Outcome
from reconciler.errors import ReconcilerError, StaleError
from reconciler.live.port import HasStateToken
from reconciler.sources.git import GitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from reconciler.engine.watch.mandate import Mandate
    from reconciler.live.port import Platform
    from reconciler.sources.mirror import Mirror

_RUNS_LOOKED_AT: Final = 20
_HOLDS_BACK: Final = frozenset({Outcome.INVALID, Outcome.BLOCKED})
_UNSETTLED: Final = frozenset({Outcome.APPLIED, Outcome.RACED, Outcome.FAILED})


class Follower:
    """Keeps a platform true to the last good commit of a branch.

    Several may follow the same branch onto the same platform: a change set is conditional, so that only one
    of them writes, and the others find nothing left to do. None takes back what another applied from a newer
    commit, since it looks at the platform before it looks at the branch, and again before it writes.
    """

    def __init__(
        self, mirror: Mirror, mandate: Mandate, opened: Callable[[], AbstractContextManager[Platform]]
    ) -> None:
        self._mirror = mirror
        self._mandate = mandate
        self._opened = opened
        self._head: str | None = None
        self._settled: tuple[str, str] | None = None
        self._compared_at: datetime | None = None
        self._said: frozenset[tuple[Outcome, str | None, str]] = frozenset()

    def cycle(self, at: datetime) -> Iterator[Event]:
        """Look at the branch and the platform, and do what there is to do. Raises nothing that passes by."""
        events = list(self._events(at))
        for event in events:
            yield replace(
                event, is_news=event.subject not in self._said and event.outcome is not Outcome.IDLE
            )
        if any(event.outcome is not Outcome.IDLE for event in events):
            self._said = frozenset(event.subject for event in events)

    def _events(self, at: datetime) -> Iterator[Event]:
        try:
            with self._opened() as platform:
                yield from self._followed(platform, at)
        except StaleError as error:
            self._settled = None
            yield Event(Outcome.RACED, at, self._head, error.message)
        except ReconcilerError as error:
            self._settled = None
            yield Event(Outcome.FAILED, at, self._head, error.message)

    def _followed(self, platform: Platform, at: datetime) -> Iterator[Event]:
        """Look at the platform first: whoever applied a newer commit by then had it from the branch."""
        state = state_of(platform)
        try:
            self._head = self._mirror.head()
        except GitError as error:
            yield Event(Outcome.FAILED, at, self._head, error.message)
        head = self._head
        if head is None:
            return
        if self._settled == (head, state) and not self._is_due(at):
            yield Event(Outcome.IDLE, at, head)
            return
        self._settled = None
        outcomes = set()
        for event in self._judged(platform, _Situation(head, state, at)):
            outcomes.add(event.outcome)
            yield event
        self._compared_at = at
        if isinstance(platform, HasStateToken) and not outcomes & _UNSETTLED:
            self._settled = (head, state)

    def _judged(self, platform: Platform, seen: _Situation) -> Iterator[Event]:
        kept = self._last_kept(platform)
        event = self._assessed(platform, seen.head, kept, seen)
        yield event
        is_partly_applied = event.outcome is Outcome.BLOCKED and self._mandate.skips_blocked
        if event.outcome in _HOLDS_BACK and kept not in {None, seen.head} and not is_partly_applied:
            yield self._assessed(platform, str(kept), kept, seen)

    def _assessed(self, platform: Platform, commit: str, kept: str | None, seen: _Situation) -> Event:
        wanted = Assessment(
            self._mirror.repository(), self._mandate, commit, state=seen.state, is_kept=commit == kept
        )
        event = assess(wanted, platform, seen.at)
        is_whole = event.plan is None or not event.plan.blocked
        if event.outcome in {Outcome.IN_STEP, Outcome.APPLIED} and is_whole and commit != kept:
            self._mirror.keep(commit)
        return event

    def _is_due(self, at: datetime) -> bool:
        return self._compared_at is None or at - self._compared_at >= self._mandate.full_every

    def _last_kept(self, platform: Platform) -> str | None:
        """Return the newest commit that the platform agreed with, as this instance or the runs remember."""
        own = self._mirror.kept()
        runs = platform.runs(limit=_RUNS_LOOKED_AT)
        commits = (run.commit for run in runs if run.environment == self._mandate.environment)
        applied = next((commit for commit in commits if commit and self._mirror.has(commit)), None)
        if own is None or applied is None:
            return own or applied
        return own if self._mirror.is_ancestor(applied, own) else applied


@dataclass(frozen=True, slots=True)
class _Situation:
    """What a cycle began with."""

    head: str
    state: str
    at: datetime
