"""Following a branch: what one cycle makes of each commit."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.engine.apply import ApplyRequest, apply, held_back
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.errors import BlockedError, InvalidError, ReconcilerError, StaleError, WrongUsageError
from reconciler.live.port import HasStateToken, state_of
from reconciler.sources.commits import Place, exported
from reconciler.sources.git import GitError
from reconciler.sources.workspace import read_workspace
from reconciler.watch.events import Event, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from reconciler.live.port import Platform, PlatformReader
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


class Assessment(Struct, frozen=True):
    """A commit to be assessed.

    Attributes:
        state: The platform's when the cycle began; where it is another by now, nothing is written.
        is_kept: Whether the platform agreed with the commit before.
        is_recorded: Whether a run of this environment names the commit.
        earlier: The platform of the environment that comes before, where there is one.
    """

    repository: Repository
    policy: Policy
    commit: str
    state: str
    is_kept: bool
    is_recorded: bool
    earlier: PlatformReader | None


def assess(wanted: Assessment, platform: Platform, at: datetime) -> Event:
    """Make the platform what the commit says, as far as guards and the loop's policy allow.

    Raises what a platform raises; what is wrong with the commit is an event.
    """
    try:
        with exported(Place(wanted.repository, wanted.policy.config), wanted.commit) as config:
            workspace = read_workspace(config, today=at.date(), cache=False).required()
            environment = environment_of(workspace.settings, wanted.policy.environment)
            environment = replace(environment, after=wanted.policy.after or environment.after)
            asked = PlanRequest(at, commit=wanted.commit, earlier=wanted.earlier, is_applied=True)
            made = plan(workspace, environment, platform, asked)
            return _acted(wanted, workspace, environment, made, platform)
    except InvalidError as error:
        return Event(Outcome.INVALID, at, wanted.commit, error.message, findings=error.findings)
    except WrongUsageError as error:
        return Event(Outcome.INVALID, at, wanted.commit, error.message)


def _acted(
    wanted: Assessment, workspace: Workspace, environment: Environment, made: Plan, platform: Platform
) -> Event:
    at, commit = made.created_at, wanted.commit
    request = ApplyRequest(
        at,
        wanted.policy.actor,
        skip_blocked=wanted.policy.skips_blocked,
        commit=commit,
        earlier=wanted.earlier,
    )
    if made.is_empty and not made.blocked:
        run = None
        if not wanted.is_recorded:
            _require_unmoved(platform, wanted)
            run = apply(workspace, environment, made, platform, request)
        return Event(Outcome.IN_STEP, at, commit, " ".join(made.notices), made, run)
    if wanted.is_kept and not wanted.policy.corrects and has_drifted(made):
        return Event(Outcome.DRIFTED, at, commit, _drift(made), plan=made)
    try:
        held_back(made, request)
    except BlockedError:
        return Event(Outcome.BLOCKED, at, commit, _reasons(made), plan=made)
    _require_unmoved(platform, wanted)
    try:
        run = apply(workspace, environment, made, platform, request)
    except BlockedError as error:
        return Event(Outcome.BLOCKED, at, commit, error.message, plan=made)
    told = " ".join(filter(None, (_reasons(made), *made.notices)))
    return Event(Outcome.APPLIED, at, commit, told, plan=made, run=run)


def _require_unmoved(platform: Platform, wanted: Assessment) -> None:
    if state_of(platform) != wanted.state:
        raise StaleError("Somebody else wrote to the platform since this cycle began.")


def has_drifted(made: Plan) -> bool:
    """Whether somebody else changed what the files had been applied to."""
    return any(change.origin != "files" for change in made.changes)


def _drift(made: Plan) -> str:
    keys = sorted({change.key for change in made.changes if change.origin != "files"})
    more = " and more" if len(keys) > _KEYS_NAMED else ""
    return f"changed on the platform: {', '.join(keys[:_KEYS_NAMED])}{more}"


def _reasons(made: Plan) -> str:
    blocked = [each for each in made.guards if each.result == "blocked"]
    return "; ".join(f"{each.obstacle}: {each.message}" for each in blocked)


class Follower:
    """Keeps a platform true to the last good commit of a branch.

    Several may follow the same branch onto the same platform: a change set is conditional, so that only one
    of them writes, and the others find nothing left to do. None takes back what another applied from a newer
    commit, since it looks at the platform before it looks at the branch, and again before it writes.
    """

    def __init__(
        self,
        mirror: Mirror,
        policy: Policy,
        opened: Callable[[], AbstractContextManager[Platform]],
        earlier: Callable[[], AbstractContextManager[PlatformReader | None]] = nullcontext,
    ) -> None:
        self._mirror = mirror
        self._policy = policy
        self._opened = opened
        self._earlier = earlier
        self._head: str | None = None
        self._settled: _Seen | None = None
        self._has_failed = False
        self._compared_at: datetime | None = None
        self._said: frozenset[tuple[Outcome, str | None, str]] = frozenset()

    def cycle(self, at: datetime) -> Iterator[Event]:
        """Look at the branch and the platform, and do what there is to do. Raises nothing that passes by."""
        events = list(self._events(at))
        has_failed = any(event.outcome is Outcome.FAILED for event in events)
        if self._has_failed and not has_failed:
            events.insert(0, Event(Outcome.RECOVERED, at, self._head, "repository and platform answer again"))
        self._has_failed = has_failed
        for event in events:
            yield replace(
                event, is_news=event.subject not in self._said and event.outcome is not Outcome.IDLE
            )
        if any(event.outcome is not Outcome.IDLE for event in events):
            self._said = frozenset(event.subject for event in events)

    def _events(self, at: datetime) -> Iterator[Event]:
        try:
            with self._opened() as platform, self._earlier() as earlier:
                yield from self._followed(platform, earlier, at)
        except StaleError as error:
            self._settled = None
            yield Event(Outcome.RACED, at, self._head, error.message)
        except ReconcilerError as error:
            self._settled = None
            yield Event(Outcome.FAILED, at, self._head, error.message)

    def _followed(self, platform: Platform, earlier: PlatformReader | None, at: datetime) -> Iterator[Event]:
        """Look at the platform first: whoever applied a newer commit by then had it from the branch."""
        state, state_before = state_of(platform), state_of(earlier) if earlier is not None else ""
        fetched = self._mirror.fetched()
        try:
            self._head = self._mirror.head()
        except GitError as error:
            yield Event(Outcome.FAILED, at, self._head, error.message)
        head = self._head
        if head is None:
            return
        if fetched is not None and not self._mirror.is_ancestor(fetched, head):
            told = f"the branch no longer has {fetched[:12]}, which it had before; it was set to {head[:12]}"
            yield Event(Outcome.REWOUND, at, head, told)
        seen = _Seen(head, state, state_before)
        if self._settled == seen and not self._is_due(at):
            yield Event(Outcome.IDLE, at, head)
            return
        self._settled = None
        is_settled = isinstance(platform, HasStateToken)
        for event in self._judged(platform, earlier, seen, at):
            is_settled &= event.outcome not in _UNSETTLED and event.run is None
            yield event
        self._compared_at = at
        self._settled = seen if is_settled else None

    def _judged(
        self, platform: Platform, earlier: PlatformReader | None, seen: _Seen, at: datetime
    ) -> Iterator[Event]:
        runs = platform.runs(limit=_RUNS_LOOKED_AT, brief=True)
        recorded = [run.settled_commit for run in runs if run.environment == self._policy.environment]
        kept = self._last_kept(recorded)

        def assessed(commit: str) -> Event:
            is_kept, is_recorded = commit == kept, commit in recorded
            repository = self._mirror.repository()
            wanted = Assessment(repository, self._policy, commit, seen.state, is_kept, is_recorded, earlier)
            event = assess(wanted, platform, at)
            is_whole = event.plan is None or not event.plan.blocked
            if event.outcome in {Outcome.IN_STEP, Outcome.APPLIED} and is_whole and not is_kept:
                self._mirror.keep(commit)
            return event

        event = assessed(seen.head)
        yield event
        is_partly_applied = event.outcome is Outcome.BLOCKED and self._policy.skips_blocked
        if event.outcome in _HOLDS_BACK and kept not in {None, seen.head} and not is_partly_applied:
            yield assessed(str(kept))

    def _is_due(self, at: datetime) -> bool:
        return self._compared_at is None or at - self._compared_at >= self._policy.full_every

    def _last_kept(self, recorded: Iterable[str | None]) -> str | None:
        """Return the newest commit that the platform agreed with, as this instance or the runs remember."""
        own = self._mirror.kept()
        applied = next((commit for commit in recorded if commit and self._mirror.has(commit)), None)
        if own is None or applied is None:
            return own or applied
        return own if self._mirror.is_ancestor(applied, own) else applied


class _Seen(Struct, frozen=True):
    """What a cycle began with.

    Attributes:
        state: The platform's.
        state_before: That of the environment which comes before.
    """

    head: str
    state: str
    state_before: str
