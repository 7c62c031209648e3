"""`plan`: what an apply would do, to which packages and to which clients."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from reconciler.engine.aims import (
    FILES_APPLIED,
    Aim,
    ClientsReassigned,
    FilesApplied,
    RunUndone,
    pairing_for,
)
from reconciler.engine.gathering import gather
from reconciler.engine.notices import (
    idle_exclusions,
    idle_waivers,
    left_behind,
    likely_renames,
    not_yet_loosened,
    of_files,
    stays,
)
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import FilesIdentity, Plan
from reconciler.planning.assembly import (
    Weighed,
    in_order,
    package_change,
    reassign_change,
    summary,
    words_of,
)
from reconciler.planning.catalog import catalog_change
from reconciler.planning.guards import (
    LOSSES_COUNT_FOR,
    Assessed,
    Case,
    bounds_of,
    judged,
    room_for_earlier_losses,
)
from reconciler.planning.loosening import GuardPair
from reconciler.planning.rollback import require_offered
from reconciler.sources.git import head_commit
from reconciler.sources.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.losses import Bounds
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import ClientNotice
    from reconciler.model.settings import Environment, Settings
    from reconciler.planning.facts import Facts
    from reconciler.sources.workspace import Workspace


_RUNS_LOOKED_AT: Final = 1000
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """How a plan is asked for.

    Attributes:
        at: The instant at which expiry and acknowledgements are judged.
        allow: `GUARD:KEY` waivers.
        show_emails: Write whole e-mail addresses into the plan.
        aim: What the platform is to become.
        commit: The commit that the files are of; None: whatever git has checked out beside them.
    """

    at: datetime
    allow: tuple[str, ...] = ()
    show_emails: bool = False
    aim: Aim = FILES_APPLIED
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made from, for an apply; `catalog` is what the catalog is to be."""

    plan: Plan
    weighed: Weighed
    catalog: Catalog | None
    guards: GuardPair
    bounds: Bounds


def plan(
    workspace: Workspace, environment: Environment, reader: PlatformReader, request: PlanRequest
) -> Plan:
    """Compare the files with the platform; nothing is written. The workspace must be free of errors."""
    return prepare(workspace, environment, reader, request).plan


def environment_of(settings: Settings, name: str | None) -> Environment:
    """Return the named environment, or the default one; raises WrongUsageError naming those that exist."""
    environments = settings.environments
    wanted = name or settings.default_environment
    if wanted not in environments:
        known = ", ".join(sorted(environments)) or "none"
        raise WrongUsageError(f"There is no environment {wanted!r}.", hint=f"reconciler.yaml has: {known}.")
    return environments[wanted]


def prepare(
    workspace: Workspace, environment: Environment, reader: PlatformReader, request: PlanRequest
) -> Prepared:
    """Make the plan and keep what it was made from."""
    heads = reader.packages()
    live_catalog = reader.catalog()
    pairing = pairing_for(request.aim, workspace, reader, {head.key: head for head in heads}, live_catalog)
    known = pairing.catalog or live_catalog
    weighed, facts = gather(reader, pairing, request.at, known, show_emails=request.show_emails)
    if isinstance(request.aim, RunUndone) and known is not None:
        others = _others(reader, heads, weighed) if known != live_catalog else {}
        require_offered(request.aim.run, weighed.drafts.values(), others, live_catalog or Catalog(), known)
    assessed = tuple(_assessed(workspace, weighed, facts))
    changes = in_order(item.change for item in assessed)
    both = GuardPair(reader.guards(), environment.guards)
    case = _timed(
        _case(workspace, both, reader, request, assessed, heads, facts.lost.clients), reader, request.at
    )
    guards = judged(case)
    loosened, tightened = both.changes(case.holders)
    of_catalog = catalog_change(pairing.catalog, live_catalog)
    follows_files = _follows_files(request)
    made = Plan(
        environment=environment.name,
        platform=reader.identity(),
        created_at=request.at.astimezone(UTC),
        config=FilesIdentity(
            commit=request.commit or head_commit(workspace.root), files=dict(workspace.digests)
        ),
        changes=changes,
        catalog=of_catalog,
        loosened=loosened if follows_files else (),
        tightened=tightened if follows_files else (),
        outdated=reader.outdated(request.at),
        terms=words_of(changes, of_catalog, known, live_catalog),
        waiting=weighed.waiting,
        unmanaged=pairing.unmanaged,
        guards=guards,
        notices=(
            *pairing.notices,
            *left_behind(pairing, weighed),
            *likely_renames(weighed),
            *idle_waivers(request.allow, guards),
            *(
                of_files(workspace, weighed, case, assessed, facts)
                if follows_files
                else not_yet_loosened(loosened)
            ),
        ),
        client_notices=(
            *idle_exclusions(reader, pairing, facts),
            *_why_they_stay(reader, request, weighed),
        ),
        summary=summary(changes),
        blocked=any(result.result == "blocked" for result in guards),
    )
    return Prepared(made.sealed(), weighed, pairing.catalog, both, bounds_of(case, request.at))


def _others(reader: PlatformReader, heads: Sequence[PackageHead], weighed: Weighed) -> dict[str, Definition]:
    """Return the definitions of the packages that the plan leaves alone."""
    written = {draft.pair.live_key for draft in weighed.drafts.values()}
    left = [head for head in heads if head.key not in written and not head.archived]
    found = reader.definitions([RevisionRef(head.key, head.revision) for head in left])
    return {ref.key: definition for ref, definition in found.items()}


def _follows_files(request: PlanRequest) -> bool:
    return isinstance(request.aim, FilesApplied)


def _assessed(workspace: Workspace, weighed: Weighed, facts: Facts) -> Iterator[Assessed]:
    for key, draft in weighed.drafts.items():
        lines = locate(workspace, key) if draft.pair.head and draft.pair.desired else {}
        consequences = weighed.of_drafts[key]
        change = package_change(draft, consequences, facts, lines)
        yield Assessed(change, draft.pair, tuple(consequences.owed(facts)))
    for id_, step in weighed.steps.items():
        consequences = weighed.of_steps[id_]
        change = reassign_change(step, consequences, facts, locate(workspace, id_[0]))
        owed = tuple(consequences.owed(facts))
        yield Assessed(change, step.candidate.pair, owed, consequences.losing_again(facts))


def _case(  # noqa: PLR0913, PLR0917 - the one place where everything that guards judge comes together
    workspace: Workspace,
    both: GuardPair,
    reader: PlatformReader,
    request: PlanRequest,
    assessed: tuple[Assessed, ...],
    heads: Sequence[PackageHead],
    lost: int,
) -> Case:
    has_live = _follows_files(request) and any(head.managed and not head.archived for head in heads)
    is_losing = any(item.change.impact.clients_losing for item in assessed)
    holders = reader.holder_count(request.at) if is_losing or both.needs_holders else 0
    return Case(
        changes=assessed,
        guards=both.stricter(holders),
        today=request.at.astimezone(UTC).date(),
        allow=frozenset(request.allow),
        holders=holders,
        lost=lost,
        would_empty=has_live and not workspace.packages,
        catalog=workspace.catalog or reader.catalog(),
    )


def _timed(case: Case, reader: PlatformReader, at: datetime) -> Case:
    """Find out when the losses of the last hours no longer block the plan, where they are what does."""
    room = room_for_earlier_losses(case)
    if room is None or not 0 <= room < case.lost:
        return case
    past = (run.at for run in reader.runs(limit=_RUNS_LOOKED_AT) if run.moved)
    since = sorted(each + _TICK for each in past if each >= at - LOSSES_COUNT_FOR)
    place = bisect_left(since, True, key=lambda each: reader.lost_since(each).clients <= room)
    return replace(case, goes_on=since[place] + LOSSES_COUNT_FOR) if place < len(since) else case


def _why_they_stay(reader: PlatformReader, request: PlanRequest, weighed: Weighed) -> Iterator[ClientNotice]:
    match request.aim:
        case ClientsReassigned(package, clients) if clients is not None:
            yield from stays(reader, package, clients, weighed, request.at)
        case _:
            return
