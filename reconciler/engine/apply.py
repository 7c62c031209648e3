"""`apply`: a plan, as it was reviewed, becomes one change set."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.engine.binding import planned_again
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.errors import BlockedError
from reconciler.model.changesets import ChangeSet
from reconciler.model.plans import FilesApplied, documents_of
from reconciler.planning.acknowledgements import stated_by
from reconciler.planning.binding import ceilings
from reconciler.planning.catalog import sides_of
from reconciler.planning.change_set import expectations, moves, writes
from reconciler.planning.selection import Selection
from reconciler.planning.transfers import transfer_of

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.engine.plan import Prepared
    from reconciler.live.port import Platform, PlatformReader
    from reconciler.model.changesets import Run
    from reconciler.model.losses import Entry
    from reconciler.model.plans import GuardResult, Plan
    from reconciler.model.settings import Environment, Guards
    from reconciler.sources.workspace import Workspace


class ApplyRequest(Struct, frozen=True):
    """How a plan is to be applied.

    Attributes:
        at: The instant of the apply.
        actor: Who applies, as the run records it.
        allow: `GUARD:KEY` waivers; those that the plan was made with do not count.
        no_clients: Have the run's record name no clients, whatever the environment says.
        skip_blocked: Hold back the changes of blocked packages and apply the others.
        commit: The commit that the files are of; None: whatever git has checked out beside them.
        earlier: The platform of the environment that comes before, where there is one.
        reason: Why, as the run records it.
    """

    at: datetime
    actor: str
    allow: tuple[str, ...] = ()
    skip_blocked: bool = False
    no_clients: bool = False
    commit: str | None = None
    earlier: PlatformReader | None = None
    reason: str = ""


class Bound(Struct, frozen=True):
    """A reviewed plan, bound to the files and the platform as they are.

    Attributes:
        now: The same made again: what is shown, applied and recorded.
    """

    workspace: Workspace
    environment: Environment
    reviewed: Plan
    now: Prepared

    def applied(self, platform: Platform, request: ApplyRequest) -> Run:
        """Apply it, all of it or nothing; raises BlockedError where a guard blocks it."""
        now, left_out = self.now, held_back(self.now.plan, request)
        if left_out:
            rest = replace(_asked(self.reviewed, request), only=Selection.of(now.plan, left_out))
            now = prepare(self.workspace, self.environment, platform, rest)
            held_back(now.plan, replace(request, skip_blocked=False))
        return platform.apply(self._change_set(now, request))

    def _change_set(self, now: Prepared, request: ApplyRequest) -> ChangeSet:
        plan = now.plan
        names_clients = self.environment.show_clients and not request.no_clients
        told = plan if names_clients else plan.without_clients()
        is_of_files = isinstance(plan.aim, FilesApplied)
        expected, catalog = sides_of(plan.catalog)
        return ChangeSet(
            plan_hash=self.reviewed.hash,
            lineage=plan.platform.lineage,
            at=request.at,
            actor=request.actor,
            environment=plan.environment,
            commit=plan.config.commit if is_of_files else None,
            reason=request.reason,
            allowed=tuple(sorted(request.allow)),
            catalog=catalog,
            expected_catalog=expected,
            guards=_guards(now) if is_of_files else None,
            expected_guards=now.guards.applied,
            writes=tuple(writes(plan, now.weighed)),
            moves=tuple(moves(plan, now.weighed)),
            expectations=tuple(expectations(ceilings(self.reviewed, now.case))),
            acknowledgements=_stated(self.workspace) if is_of_files else None,
            bounds=now.bounds,
            parks=now.parks,
            releases=now.releases,
            transfer=transfer_of(plan.aim, plan.changes),
            changes=tuple(documents_of(told.changes)),
        )


def bound(
    workspace: Workspace, environment: Environment, plan: Plan, reader: PlatformReader, request: ApplyRequest
) -> Bound:
    """Make a reviewed plan again.

    Raises:
        InvalidError: The plan leaves out an edit that was due when it was made.
        StaleError: It is for another platform, was applied before, or something that it speaks of moved
            beyond what was reviewed.
    """
    now = planned_again(workspace, environment, reader, plan, _asked(plan, request))
    return Bound(workspace, environment, plan, now)


def apply(
    workspace: Workspace, environment: Environment, plan: Plan, platform: Platform, request: ApplyRequest
) -> Run:
    """Apply a reviewed plan, all of it or nothing; raises as `bound` does, and BlockedError."""
    return bound(workspace, environment, plan, platform, request).applied(platform, request)


def _asked(plan: Plan, request: ApplyRequest) -> PlanRequest:
    return PlanRequest(
        request.at,
        request.allow,
        aim=plan.aim,
        commit=request.commit,
        earlier=request.earlier,
        is_applied=True,
    )


_NAMED = 5


def held_back(plan: Plan, request: ApplyRequest) -> tuple[GuardResult, ...]:
    """Return what blocks the packages that the request leaves out; empty where nothing is blocked.

    Raises:
        BlockedError: The request does not leave out blocked packages, or nothing would be left of the plan.
    """
    blocking = tuple(guard for guard in plan.guards if guard.result == "blocked")
    is_rest = not Selection.of(plan, blocking).is_empty
    if blocking and not (request.skip_blocked and is_rest):
        raise _blocked(blocking, can_skip=is_rest and isinstance(plan.aim, FilesApplied))
    return blocking


def _blocked(blocking: tuple[GuardResult, ...], *, can_skip: bool) -> BlockedError:
    """Name each guard once: what it says, and what to do about it, is told by the plan."""
    named = tuple(dict.fromkeys(guard.obstacle for guard in blocking))
    waivers = tuple(dict.fromkeys(f"--allow {quote(f'{guard.id}:{guard.key}')}" for guard in blocking))
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    skip = "; --skip-blocked applies the other packages" if can_skip else ""
    blocked = "it" if len(waivers) == 1 else "them"
    return BlockedError(
        f"nothing was applied: {', '.join(named[:_NAMED])}{more}",
        hint=f"Do what the plan says about {blocked}, or let {blocked} pass once with "
        f"{' '.join(waivers[:_NAMED])}{skip}.",
    )


def _stated(workspace: Workspace) -> tuple[Entry, ...]:
    """Return all acknowledgements of the files: any other one ends with this run (rule 19)."""
    packages = workspace.packages.values()
    return tuple(each for package in packages for each in stated_by(package, workspace.catalog))


def _guards(now: Prepared) -> Guards | None:
    """Return the guards to record: those of the files, as far as the plan shows what is loosened."""
    loosened, _ = now.guards.changes(now.case.holders)
    waiting = {change.guard for change in loosened} - {change.guard for change in now.plan.loosened}
    guards = now.guards.recorded(waiting)
    return guards if guards != now.guards.applied else None
