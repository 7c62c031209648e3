"""`plan`: what an apply would do, to which packages and to which clients."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from reconciler.engine.aims import files_of, pairing_for
from reconciler.engine.gathering import gather
from reconciler.engine.notices import (
    idle_exclusions,
    idle_rollouts,
    idle_waivers,
    left_behind,
    left_for_later,
    likely_renames,
    not_yet_loosened,
    of_files,
    stays,
    unknown_commit,
)
from reconciler.engine.promotion import ahead, promotion, waits
from reconciler.engine.unapplied import unapplied
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import (
    FILES_APPLIED,
    ClientsReassigned,
    EventUndone,
    FilesApplied,
    FilesIdentity,
    Plan,
    PlatformSeen,
    RunUndone,
)
from reconciler.planning import undoing
from reconciler.planning.ability import require_possible
from reconciler.planning.assembly import (
    Weighed,
    in_order,
    package_change,
    reassign_change,
    summary,
    words_of,
)
from reconciler.planning.catalog import catalog_change, with_terms
from reconciler.planning.guards import (
    LOSSES_COUNT_FOR,
    Assessed,
    Case,
    bounds_of,
    judged,
    room_for_earlier_losses,
)
from reconciler.planning.loosening import GuardPair
from reconciler.planning.parking import parked_by_rollback, said_of
from reconciler.planning.rollback import require_offered
from reconciler.sources.commits import commit_of
from reconciler.sources.workspace import locate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.changesets import Parking
    from reconciler.model.losses import Bounds
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import Aim, CatalogChange, ClientNotice, GuardChange
    from reconciler.model.settings import Environment, Settings
    from reconciler.planning.facts import Facts
    from reconciler.planning.pairing import Pairing
    from reconciler.planning.selection import Selection
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
        only: What of all that is due is planned; None: everything.
        earlier: The platform of the environment that comes before; None where there is none, or none at hand.
        is_applied: Whether an apply is to follow at once, which waits for that environment.
        is_due: Whether the commit was to be applied already, so that the plan names it as one that was not.
        notices: What a reader of the plan should know of how it was made.
    """

    at: datetime
    allow: tuple[str, ...] = ()
    show_emails: bool = False
    aim: Aim = FILES_APPLIED
    commit: str | None = None
    only: Selection | None = None
    earlier: PlatformReader | None = None
    is_applied: bool = False
    is_due: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made from, for an apply.

    Attributes:
        left_terms: Of the catalog, which are due and not planned, by JSON Pointer.
        parks: What an apply leaves otherwise than the files say.
        releases: What it has the files say again.
    """

    plan: Plan
    weighed: Weighed
    guards: GuardPair
    case: Case
    bounds: Bounds
    left_terms: tuple[str, ...] = ()
    parks: tuple[Parking, ...] = ()
    releases: tuple[Parking, ...] = ()


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
    live = {head.key: head for head in heads}
    only = request.only
    platform = _seen(reader, heads)
    pairing = replace(
        pairing_for(request.aim, workspace, reader, live, live_catalog, request.at),
        only=only,
        snapshots=platform.capabilities.snapshots,
    )
    wanted = catalog_change(pairing.catalog, live_catalog)
    of_catalog = wanted if only is None else only.of_catalog(wanted)
    left_terms = tuple(each.path for each in wanted.fields if each not in of_catalog.fields)
    changed = with_terms(live_catalog, ((each.path, each.after) for each in of_catalog.fields))
    known = changed if of_catalog.fields else live_catalog or pairing.catalog
    weighed, facts = gather(reader, pairing, request.at, known, show_emails=request.show_emails)
    require_possible(weighed.drafts.values(), platform)
    if isinstance(request.aim, RunUndone) and known is not None:
        others = _others(reader, heads, weighed) if known != live_catalog else {}
        require_offered(
            f"run {request.aim.run}", weighed.drafts.values(), others, live_catalog or Catalog(), known
        )
    by_files = _assessed(workspace, weighed, facts)
    assessed = (*by_files, *undoing.assessed(pairing.back, live, workspace.packages, facts))
    changes = in_order(item.change for item in assessed)
    both = GuardPair(reader.guards(), environment.guards)
    case = _timed(
        _case(workspace, both, reader, request, assessed, heads, facts.lost.clients), reader, request.at
    )
    commit = request.commit or commit_of(workspace)
    follows_files = _follows_files(request)
    looser, tightened = both.changes(case.holders)
    loosened = tuple(each for each in looser if only is None or each.guard in only.loosened)
    before = environment.after if follows_files else None
    is_waiting = before and (changes or of_catalog.fields or looser or tightened)
    first = promotion(before, request.earlier, commit) if before and is_waiting else None
    case = replace(case, after=first if request.is_applied else None)
    guards = judged(case)
    parks, releases = _parking(workspace, reader, request.aim, pairing, weighed, of_catalog)
    made = Plan(
        environment=environment.name,
        platform=platform,
        created_at=request.at.astimezone(UTC),
        aim=request.aim,
        config=FilesIdentity(commit=commit, files=dict(workspace.digests)),
        changes=changes,
        catalog=of_catalog,
        loosened=loosened if follows_files else (),
        tightened=tightened if follows_files else (),
        outdated=reader.outdated(request.at),
        terms=words_of(changes, of_catalog, known, live_catalog),
        waiting=weighed.waiting,
        unmanaged=pairing.unmanaged,
        left=pairing.left,
        guards=guards,
        notices=(
            *request.notices,
            *pairing.notices,
            *(() if follows_files else said_of(parks, releases)),
            *left_behind(pairing, weighed),
            *idle_rollouts(pairing),
            *likely_renames(weighed),
            *(unknown_commit(workspace.root) if follows_files and commit is None else ()),
            *idle_waivers(request.allow, guards),
            *left_for_later(weighed, left_terms, _beside(looser, loosened) if follows_files else ()),
            *(waits(first) if first and not request.is_applied else ()),
            *(ahead(before, request.earlier, environment.name, heads) if before else ()),
            *_unapplied(workspace, reader, request, weighed, of_catalog, commit),
            *(
                of_files(workspace, weighed, case, assessed, facts)
                if follows_files
                else not_yet_loosened(looser)
            ),
        ),
        client_notices=(
            *idle_exclusions(reader, pairing, facts),
            *_why_they_stay(reader, request, weighed),
        ),
        summary=summary(changes),
        blocked=any(result.result == "blocked" for result in guards),
    )
    bounds = bounds_of(case, request.at)
    return Prepared(made.sealed(), weighed, both, case, bounds, left_terms, parks, releases)


def _beside(looser: tuple[GuardChange, ...], loosened: tuple[GuardChange, ...]) -> list[GuardChange]:
    return [each for each in looser if each not in loosened]


def _seen(reader: PlatformReader, heads: Sequence[PackageHead]) -> PlatformSeen:
    identity = reader.identity()
    newest = next(iter(reader.runs(limit=1)), None)
    return PlatformSeen(
        kind=identity.kind,
        lineage=identity.lineage,
        capabilities=identity.capabilities,
        run=newest.id if newest else 0,
        run_plan=newest.plan_hash if newest else None,
        versions={head.key: head.version for head in heads},
    )


def _others(reader: PlatformReader, heads: Sequence[PackageHead], weighed: Weighed) -> dict[str, Definition]:
    """Return the definitions of the packages that the plan leaves alone."""
    written = {draft.pair.live_key for draft in weighed.drafts.values()}
    left = [head for head in heads if head.key not in written and not head.archived]
    found = reader.definitions([RevisionRef(head.key, head.revision) for head in left])
    return {ref.key: definition for ref, definition in found.items()}


def _follows_files(request: PlanRequest) -> bool:
    return isinstance(request.aim, FilesApplied)


def _unapplied(  # noqa: PLR0913, PLR0917 - what is due, and by which commits
    workspace: Workspace,
    reader: PlatformReader,
    request: PlanRequest,
    weighed: Weighed,
    catalog: CatalogChange,
    commit: str | None,
) -> Iterator[str]:
    is_of_commit = commit is not None and not commit.endswith("-dirty")
    if is_of_commit and request.commit is None and _follows_files(request):
        but, has_terms = None if request.is_due else commit, bool(catalog.fields)
        yield from unapplied(workspace, reader, weighed, has_terms=has_terms, but=but)


def _parking(  # noqa: PLR0913, PLR0917 - what a rollback parks depends on all of them
    workspace: Workspace,
    reader: PlatformReader,
    aim: Aim,
    pairing: Pairing,
    weighed: Weighed,
    catalog: CatalogChange,
) -> tuple[tuple[Parking, ...], tuple[Parking, ...]]:
    """Return what an apply parks, and what it releases."""
    if not isinstance(aim, RunUndone):
        return (), pairing.released
    steps = (step.candidate.pair for step in weighed.steps.values())
    pairs = (*(draft.pair for draft in weighed.drafts.values()), *steps)
    terms = (each.path for each in catalog.fields)
    return parked_by_rollback(aim.run, pairs, terms, reader.parked(), files_of(workspace))


def _assessed(workspace: Workspace, weighed: Weighed, facts: Facts) -> Iterator[Assessed]:
    for key, draft in weighed.drafts.items():
        lines = locate(workspace, key) if draft.pair.head and draft.pair.desired else {}
        consequences = weighed.of_drafts[key]
        change = package_change(draft, consequences, facts, lines)
        yield Assessed(change, draft.pair, consequences, tuple(consequences.owed(facts)))
    for id_, step in weighed.steps.items():
        consequences = weighed.of_steps[id_]
        change = reassign_change(step, consequences, facts, locate(workspace, id_[0]))
        owed = tuple(consequences.owed(facts))
        yield Assessed(change, step.candidate.pair, consequences, owed, consequences.losing_again(facts))


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
        by_hand=isinstance(request.aim, EventUndone) and _moving(assessed) == 1,
    )


def _moving(assessed: tuple[Assessed, ...]) -> int:
    moves = (item.change.reassignment for item in assessed)
    return sum(each.clients for each in moves if each is not None)


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
