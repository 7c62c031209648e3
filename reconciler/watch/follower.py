"""Following a branch: what one cycle makes of each commit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reconciler.engine.apply import ApplyRequest, apply, held_back
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.errors import BlockedError, InvalidError, ReconcilerError, StaleError, WrongUsageError
from reconciler.live.port import HasStateToken
from reconciler.sources.commits import Place, exported
from reconciler.sources.git import GitError
from reconciler.sources.workspace import read_workspace
from reconciler.watch.events import Event, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from reconciler.live.port import Platform
    from reconciler.model.plans import Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.git import Repository
    from reconciler.sources.mirror import Mirror
    from reconciler.sources.workspace import Workspace
    from reconciler.watch.policy import Policy

_KEYS_NAMED: Final = 10
_RUNS_LOOKED_AT: Final = 20
_HOLDS_BACK: Final = frozenset({Outcome.INVALID, Outcome.BLOCKED})
_UNSETTLED: Final = frozenset({Outcome.APPLIED, Outcome.RACED, Outcome.FAILED})


@dataclass(frozen=True, slots=True)
class Assessment:
    """A commit to be assessed.

    Attributes:
        state: The platform's when the cycle began; where it is another by now, nothing is written.
        is_kept: Whether the platform agreed with the commit before.
    """

    repository: Repository
    policy: Policy
    commit: str
    state: str
    is_kept: bool


def assess(wanted: Assessment, platform: Platform, at: datetime) -> Event:
    """Make the platform what the commit says, as far as guards and the loop's policy allow.

    Raises what a platform raises; what is wrong with the commit is an event.
    """
    try:
        with exported(Place(wanted.repository, wanted.policy.config), wanted.commit) as config:
            workspace = read_workspace(config, today=at.date(), cache=False).required()
            environment = environment_of(workspace.settings, wanted.policy.environment)
            made = plan(workspace, environment, platform, PlanRequest(at, commit=wanted.commit))
            return _acted(wanted, workspace, environment, made, platform)
    except InvalidError as error:
        return Event(Outcome.INVALID, at, wanted.commit, error.message, findings=error.findings)
    except WrongUsageError as error:
        return Event(Outcome.INVALID, at, wanted.commit, error.message)


def _acted(
    wanted: Assessment, workspace: Workspace, environment: Environment, made: Plan, platform: Platform
) -> Event:
    at, commit = made.created_at, wanted.commit
    if made.is_empty and not made.blocked:
        return Event(Outcome.IN_STEP, at, commit, plan=made)
    if wanted.is_kept and not wanted.policy.corrects and has_drifted(made):
        return Event(Outcome.DRIFTED, at, commit, _drift(made), plan=made)
    request = ApplyRequest(at, wanted.policy.actor, skip_blocked=wanted.policy.skips_blocked, commit=commit)
    try:
        held_back(made, request)
    except BlockedError:
        return Event(Outcome.BLOCKED, at, commit, _reasons(made), plan=made)
    if state_of(platform) != wanted.state:
        raise StaleError("Somebody else wrote to the platform since this cycle began.")
    try:
        run = apply(workspace, environment, made, platform, request)
    except BlockedError as error:
        return Event(Outcome.BLOCKED, at, commit, error.message, plan=made)
    return Event(Outcome.APPLIED, at, commit, _reasons(made), plan=made, run=run)


def state_of(platform: Platform) -> str:
    """Return what changes with every run: the state token, or the newest run of a platform without one."""
    if isinstance(platform, HasStateToken):
        return platform.state_token()
    return str(next((run.id for run in platform.runs(limit=1)), 0))


def has_drifted(made: Plan) -> bool:
    """Whether somebody else changed what the files had been applied to."""
    return any(change.origin != "files" for change in made.changes)


def _drift(made: Plan) -> str:
    keys = sorted({change.key for change in made.changes if change.origin != "files"})
    more = " and more" if len(keys) > _KEYS_NAMED else ""
    return f"changed on the platform: {', '.join(keys[:_KEYS_NAMED])}{more}"


def _reasons(made: Plan) -> str:
    blocked = [each for each in made.guards if each.result == "blocked"]
    return "; ".join(f"{each.id} blocks {each.key}: {each.message}" for each in blocked)


class Follower:
    """Keeps a platform true to the last good commit of a branch.

    Several may follow the same branch onto the same platform: a change set is conditional, so that only one
    of them writes, and the others find nothing left to do. None takes back what another applied from a newer
    commit, since it looks at the platform before it looks at the branch, and again before it writes.
    """

    def __init__(
        self, mirror: Mirror, policy: Policy, opened: Callable[[], AbstractContextManager[Platform]]
    ) -> None:
        self._mirror = mirror
        self._policy = policy
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
        is_partly_applied = event.outcome is Outcome.BLOCKED and self._policy.skips_blocked
        if event.outcome in _HOLDS_BACK and kept not in {None, seen.head} and not is_partly_applied:
            yield self._assessed(platform, str(kept), kept, seen)

    def _assessed(self, platform: Platform, commit: str, kept: str | None, seen: _Situation) -> Event:
        wanted = Assessment(
            self._mirror.repository(), self._policy, commit, state=seen.state, is_kept=commit == kept
        )
        event = assess(wanted, platform, seen.at)
        is_whole = event.plan is None or not event.plan.blocked
        if event.outcome in {Outcome.IN_STEP, Outcome.APPLIED} and is_whole and commit != kept:
            self._mirror.keep(commit)
        return event

    def _is_due(self, at: datetime) -> bool:
        return self._compared_at is None or at - self._compared_at >= self._policy.full_every

    def _last_kept(self, platform: Platform) -> str | None:
        """Return the newest commit that the platform agreed with, as this instance or the runs remember."""
        own = self._mirror.kept()
        runs = platform.runs(limit=_RUNS_LOOKED_AT)
        commits = (run.commit for run in runs if run.environment == self._policy.environment)
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
