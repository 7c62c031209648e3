"""`apply`: a plan, exactly as reviewed, becomes one change set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.engine.aims import FILES_APPLIED
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.errors import BlockedError, StaleError
from reconciler.model.changesets import ChangeSet
from reconciler.model.plans import CatalogChange
from reconciler.planning.acknowledgements import stated_by
from reconciler.planning.assembly import summary
from reconciler.planning.catalog import sides_of
from reconciler.planning.change_set import expectations, moves, writes
from reconciler.planning.guards import WHOLE_PLAN, blocked_keys

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.engine.aims import Aim
    from reconciler.engine.plan import Prepared
    from reconciler.live.port import Platform, PlatformReader
    from reconciler.model.changesets import Run
    from reconciler.model.losses import Entry
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.model.settings import Environment, Guards
    from reconciler.sources.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """How a plan is to be applied.

    Attributes:
        at: The instant of the apply.
        actor: Who applies, as the run records it.
        allow: `GUARD:KEY` waivers beside those that the plan was made with.
        no_clients: Have the run's record name no clients, whatever the environment says.
        skip_blocked: Hold back the changes of blocked packages and apply the others.
        aim: What the plan was asked for.
    """

    at: datetime
    actor: str
    allow: tuple[str, ...] = ()
    skip_blocked: bool = False
    no_clients: bool = False
    aim: Aim = FILES_APPLIED


def apply(
    workspace: Workspace, environment: Environment, plan: Plan, platform: Platform, request: ApplyRequest
) -> Run:
    """Apply the reviewed plan, all of it or nothing.

    Raises:
        BlockedError: A guard blocks it.
        StaleError: The plan is for another platform, was applied before, or something that it speaks of
            moved: a file, a package, or the number of clients touched.
    """
    check_subject(workspace, environment, plan, platform)
    reviewed = _without(plan, held_back(plan, request))
    allow = tuple(sorted(_allowed(plan, request)))
    now = prepare(workspace, environment, platform, PlanRequest(request.at, allow, aim=request.aim))
    change_set = _change_set(reviewed, now, workspace, request)
    _check_shown(reviewed, now.plan)
    _check_guards(reviewed, now.plan)
    names_clients = environment.show_clients and not request.no_clients
    told = reviewed if names_clients else reviewed.without_clients()
    changes = tuple(change.model_dump(mode="json", by_alias=True) for change in told.changes)
    return platform.apply(replace(change_set, allowed=allow, changes=changes))


def check_subject(workspace: Workspace, environment: Environment, plan: Plan, reader: PlatformReader) -> None:
    """Raise StaleError where a saved plan is for another platform, other files, or was applied before."""
    identity = reader.identity()
    if plan.environment != environment.name:
        raise StaleError(
            f"The plan is for the environment {plan.environment!r}, not for {environment.name!r}.",
            hint=f"Apply it with --environment {plan.environment}.",
        )
    if plan.platform.lineage != identity.lineage:
        raise StaleError(
            f"The plan was made for another platform (lineage {plan.platform.lineage}); "
            f"this one has the lineage {identity.lineage}.",
            hint="Plan again against this platform.",
        )
    if run := reader.run_of_plan(plan.hash):
        raise StaleError(f"The plan was applied before, as run {run.id}; nothing was written.", hint=_AGAIN)
    _check_files(workspace, plan)


def _check_files(workspace: Workspace, plan: Plan) -> None:
    planned, today = plan.config.files, workspace.digests
    moved = sorted(file for file in planned.keys() | today.keys() if planned.get(file) != today.get(file))
    if moved:
        more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""  # noqa: PLR2004 - a few names suffice
        raise StaleError(f"Changed since the plan was made: {', '.join(moved[:3])}{more}.", hint=_AGAIN)


_NAMED = 5
_AGAIN = "Plan again, review it, and apply the new plan."


def _waiver(result: GuardResult) -> str:
    return f"{result.id}:{result.key}"


def held_back(plan: Plan, request: ApplyRequest) -> tuple[GuardResult, ...]:
    """Return what blocks the packages that the request leaves out; empty where nothing is blocked.

    Raises:
        BlockedError: The request does not leave out blocked packages, or nothing would be left of the plan.
    """
    blocking = tuple(
        guard
        for guard in plan.guards
        if guard.result == "blocked" and _waiver(guard) not in _allowed(plan, request)
    )
    is_skippable = request.skip_blocked and not _without(plan, blocking).is_empty
    if blocking and not is_skippable:
        raise _blocked(blocking, request, rest=_without(plan, blocking))
    return blocking


def _blocked(blocking: tuple[GuardResult, ...], request: ApplyRequest, *, rest: Plan) -> BlockedError:
    """Name each guard once: what it says, and what to do about it, is told by the plan."""
    named = tuple(dict.fromkeys(f"{guard.id} blocks {guard.key}" for guard in blocking))
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    skipping = "; --skip-blocked applies the other packages" if request.aim == FILES_APPLIED else ""
    return BlockedError(
        f"nothing was applied: {', '.join(named[:_NAMED])}{more}",
        hint="Do what the plan says about it, or let a guard pass once with "
        f"--allow {_waiver(blocking[0])}{'' if rest.is_empty else skipping}.",
    )


def _allowed(plan: Plan, request: ApplyRequest) -> frozenset[str]:
    """Return the waivers that the plan was made with, and those of the request."""
    return frozenset(_waiver(guard) for guard in plan.guards if guard.result == "allowed") | {*request.allow}


def _without(plan: Plan, blocking: tuple[GuardResult, ...]) -> Plan:
    """Return the plan without blocked packages; nothing of it where a guard blocks it as a whole.

    A guard that blocks is not loosened: else what it holds back would pass in the next run of the same files.
    """
    keys = blocked_keys(blocking)
    if WHOLE_PLAN in keys:
        return plan.model_copy(
            update={"changes": (), "catalog": CatalogChange(), "loosened": (), "tightened": ()}
        )
    changes = tuple(change for change in plan.changes if change.key not in keys)
    ids = {result.id for result in blocking}
    loosened = tuple(change for change in plan.loosened if change.guard not in ids)
    return plan.model_copy(update={"changes": changes, "loosened": loosened, "summary": summary(changes)})


def _check_shown(reviewed: Plan, now: Plan) -> None:
    """Refuse what a plan file shows otherwise than the files mean it, beside the packages themselves."""
    if reviewed.catalog.fields and reviewed.catalog != now.catalog:
        raise StaleError("The catalog's changes are not those that the plan shows.", hint=_AGAIN)
    if not set(reviewed.loosened) <= set(now.loosened):
        raise StaleError("The guards are not loosened as the plan shows.", hint=_AGAIN)


def _check_guards(reviewed: Plan, now: Plan) -> None:
    """Refuse what a guard blocks now: the file's word for what it said in review is not enough."""
    keys = {change.key for change in reviewed.changes} | {WHOLE_PLAN}
    for guard in now.guards:
        if guard.result == "blocked" and guard.key in keys:
            raise StaleError(
                f"Since the plan was made, {guard.id} blocks {guard.key}: {guard.message}", hint=_AGAIN
            )


def _stated(workspace: Workspace) -> tuple[Entry, ...]:
    """Return all acknowledgements of the files: any other one ends with this run (rule 19)."""
    packages = workspace.packages.values()
    return tuple(each for package in packages for each in stated_by(package, workspace.catalog))


def _guards(reviewed: Plan, now: Prepared) -> Guards | None:
    """Return the guards to record: those of the files, as far as the plan shows what is loosened."""
    waiting = {change.guard for change in now.plan.loosened} - {change.guard for change in reviewed.loosened}
    guards = now.guards.recorded(waiting)
    return guards if guards != now.guards.applied else None


def _change_set(reviewed: Plan, now: Prepared, workspace: Workspace, request: ApplyRequest) -> ChangeSet:
    is_of_files = request.aim == FILES_APPLIED
    expected, catalog = sides_of(reviewed.catalog)
    return ChangeSet(
        plan_hash=reviewed.hash,
        lineage=reviewed.platform.lineage,
        at=request.at,
        actor=request.actor,
        environment=reviewed.environment,
        commit=reviewed.config.commit,
        catalog=catalog,
        expected_catalog=expected,
        guards=_guards(reviewed, now) if is_of_files else None,
        expected_guards=now.guards.applied,
        writes=tuple(writes(reviewed, now.weighed)),
        moves=tuple(moves(reviewed, now.weighed)),
        expectations=tuple(expectations(reviewed, now.weighed)),
        acknowledgements=_stated(workspace) if is_of_files else None,
        bounds=now.bounds,
    )
