"""A plan that was made earlier is made again: from its aim, the files at hand and the platform."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from reconciler.engine.notices import since_reviewed
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.errors import InvalidError, StaleError
from reconciler.model.plans import FilesApplied
from reconciler.planning.binding import ceilings, unequal
from reconciler.planning.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.engine.plan import Prepared
    from reconciler.live.port import PlatformReader
    from reconciler.model.changesets import Run
    from reconciler.model.plans import Plan
    from reconciler.model.settings import Environment
    from reconciler.planning.drafts import Draft
    from reconciler.sources.workspace import Workspace

_NAMED: Final = 10
_AGAIN: Final = "Plan again, review it, and apply the new plan."


def planned_again(
    workspace: Workspace,
    environment: Environment,
    reader: PlatformReader,
    reviewed: Plan,
    request: PlanRequest,
) -> Prepared:
    """Make the plan again and hold it against the reviewed one; guards are judged, and not minded.

    What the reviewed plan says decides which changes are planned and how far they may go, nothing else.

    Raises:
        InvalidError: The plan leaves out an edit that was due when it was made.
        StaleError: It is for another platform, was applied before, or something that it speaks of moved.
    """
    _require_subject(environment, reviewed, reader)
    again = replace(request, aim=reviewed.aim, only=request.only or Selection.of(reviewed))
    now = prepare(workspace, environment, reader, again)
    _require_whole(workspace, reviewed, now)
    reasons = [*unequal(reviewed, now.plan)]
    reasons += [str(each) for each in ceilings(reviewed, now.case) if each.is_passed]
    if reasons:
        raise StaleError(f"Not as reviewed: {_some(reasons, '; ')}.", hint=_AGAIN)
    notices = (*since_reviewed(reviewed, now.plan), *now.plan.notices)
    return replace(now, plan=now.plan.model_copy(update={"notices": notices}).sealed())


def _require_subject(environment: Environment, plan: Plan, reader: PlatformReader) -> None:
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
    _require_same_runs(plan, reader)
    if run := run_of(plan, reader):
        raise StaleError(f"The plan was applied before, as run {run.id}; nothing was written.", hint=_AGAIN)


def run_of(plan: Plan, reader: PlatformReader) -> Run | None:
    """Return the run that applied all of a plan; None where none did.

    Raises:
        StaleError: A run applied some of it, as where blocked packages were left out, or one failed.
    """
    run = reader.run_of_plan(plan.hash)
    done = {str(change.get("key")) for change in run.changes} if run else set()
    left = sorted({change.key for change in plan.changes} - done)
    if run and left:
        raise StaleError(
            f"The plan was applied before, as run {run.id}, without {_some(left, ', ')}; "
            "nothing was written.",
            hint=_AGAIN,
        )
    return run


def _require_same_runs(plan: Plan, reader: PlatformReader) -> None:
    """Refuse a plan that saw a run which this platform does not have: they are copies that parted."""
    seen = plan.platform
    before = seen.run + 1
    newest = next(iter(reader.runs(limit=1, before=before, brief=True)), None) if seen.run else None
    if seen.run and (newest is None or (newest.id, newest.plan_hash) != (seen.run, seen.run_plan)):
        raise StaleError(
            f"The plan saw a run {seen.run} that this platform does not have: one of them is a copy.",
            hint="Give the copy a lineage of its own, `reconciler platform adopt --new-lineage`; plan again.",
        )


def _require_whole(workspace: Workspace, reviewed: Plan, now: Prepared) -> None:
    missing = [draft.key for draft in now.weighed.left if _was_due(draft, workspace, reviewed)]
    if now.left_terms and _had_same_catalog(workspace, reviewed, now.plan):
        missing += [f"the catalog's {path.lstrip('/')}" for path in now.left_terms]
    if missing:
        raise InvalidError(
            f"The plan leaves out what was due when it was made: {_some(missing, ', ')}.",
            hint="It was changed since. Make it again with `reconciler plan --out FILE`.",
        )


def _was_due(draft: Draft, workspace: Workspace, reviewed: Plan) -> bool:
    """Whether the reviewed plan saw the same package and the same file, so that it saw the difference."""
    head, desired = draft.pair.head, draft.pair.desired
    if reviewed.platform.versions.get(draft.pair.live_key) != (head.version if head else None):
        return False
    if not isinstance(reviewed.aim, FilesApplied):
        return True
    if desired is not None:
        return reviewed.config.files.get(desired.file) == workspace.digests.get(desired.file)
    return draft.key not in {PurePosixPath(file).stem for file in reviewed.config.files}


def _had_same_catalog(workspace: Workspace, reviewed: Plan, now: Plan) -> bool:
    file = PurePosixPath(workspace.settings.catalog).as_posix()
    is_same = reviewed.config.files.get(file) == workspace.digests.get(file)
    is_seen = reviewed.catalog.from_digest == now.catalog.from_digest
    return is_seen and (is_same or not isinstance(reviewed.aim, FilesApplied))


def _some(named: Iterable[str], separator: str) -> str:
    every = [*named]
    more = f"{separator}and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return separator.join(every[:_NAMED]) + more
