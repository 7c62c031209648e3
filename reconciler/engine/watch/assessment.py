"""One commit against the platform: validated, planned, and applied where that is wanted and allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.engine.apply import ApplyRequest, apply, held_back
from reconciler.engine.plan import PlanRequest, environment_of, plan
from reconciler.engine.watch.events import Event, Outcome
from reconciler.errors import BlockedError, InvalidError, StaleError, WrongUsageError
from reconciler.live.port import HasStateToken
from reconciler.sources.commits import Place, exported
from reconciler.sources.workspace import read_workspace

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.engine.watch.mandate import Mandate
    from reconciler.live.port import Platform
    from reconciler.model.plans import Plan
    from reconciler.model.settings import Environment
    from reconciler.sources.git import Repository
    from reconciler.sources.workspace import Workspace

_KEYS_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Assessment:
    """A commit to be assessed.

    Attributes:
        state: The platform's when the cycle began; where it is another by now, nothing is written.
        is_kept: Whether the platform agreed with the commit before.
    """

    repository: Repository
    mandate: Mandate
    commit: str
    state: str
    is_kept: bool


def assess(wanted: Assessment, platform: Platform, at: datetime) -> Event:
    """Make the platform what the commit says, as far as guards and the loop's mandate allow.

    Raises what a platform raises; what is wrong with the commit is an event.
    """
    try:
        with exported(Place(wanted.repository, wanted.mandate.config), wanted.commit) as config:
            workspace = read_workspace(config, today=at.date(), cache=False).required()
            environment = environment_of(workspace.settings, wanted.mandate.environment)
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
    if wanted.is_kept and not wanted.mandate.corrects and has_drifted(made):
        return Event(Outcome.DRIFTED, at, commit, _drift(made), plan=made)
    request = ApplyRequest(at, wanted.mandate.actor, skip_blocked=wanted.mandate.skips_blocked)
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
