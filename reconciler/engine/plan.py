"""`plan`: what an apply would do, to which packages and to which clients."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

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
from reconciler.engine.promotion import ahead, is_yet_to_record, promotion, waits
from reconciler.engine.unapplied import unapplied
from reconciler.errors import WrongUsageError
from reconciler.model.catalog import Catalog
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import (
    FILES_APPLIED,
    ClientsMoved,
    ClientsReassigned,
    EventUndone,
    FilesApplied,
    FilesIdentity,
    Plan,
    PlatformSeen,
    RunUndone,
)
from reconciler.planning import transfers
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
    from reconciler.model.plans import (
        Aim,
        CatalogChange,
        Change,
        ClientNotice,
        GuardChange,
        GuardResult,
        Outdated,
    )
    from reconciler.model.settings import Environment, Settings
    from reconciler.planning.facts import Facts
    from reconciler.planning.guards import Promotion
    from reconciler.planning.pairing import Pairing
    from reconciler.planning.selection import Selection
    from reconciler.sources.workspace import Workspace


_RUNS_LOOKED_AT: Final = 1000
_TICK: Final = timedelta(microseconds=1)


class PlanRequest(Struct, frozen=True):
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


class Prepared(Struct, frozen=True):
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
    if wanted in environments:
        return environments[wanted]
    known = ", ".join(sorted(environments))
    if name:
        raise WrongUsageError(f"There is no environment {wanted!r}.", hint=f"reconciler.yaml has: {known}.")
    raise WrongUsageError(
        f"Which environment? None was named, and reconciler.yaml has no {wanted!r}.",
        hint=f"Give --environment one of: {known}; or write `default_environment: NAME` into the file.",
    )


def prepare(
    workspace: Workspace, environment: Environment, reader: PlatformReader, request: PlanRequest
) -> Prepared:
    """Make the plan and keep what it was made from, all of one instant."""
    commit = request.commit or commit_of(workspace)
    return reader.at_one_instant(lambda still: _prepared(workspace, environment, still, request, commit))


def _prepared(
    workspace: Workspace,
    environment: Environment,
    reader: PlatformReader,
    request: PlanRequest,
    commit: str | None,
) -> Prepared:
    scene = _Scene.of(workspace, environment, reader, request, commit)
    contents = _contents(scene)
    verdicts = _verdicts(scene, contents)
    parks, releases = _parking(scene, contents)
    terms, weighed, pairing = contents.terms, contents.weighed, contents.pairing
    made = Plan(
        environment=environment.name,
        platform=scene.platform,
        created_at=request.at.astimezone(UTC),
        aim=request.aim,
        config=FilesIdentity(commit=scene.commit, files=dict(workspace.digests)),
        changes=contents.changes,
        catalog=terms.due,
        loosened=verdicts.loosened if scene.follows_files else (),
        tightened=verdicts.tightened if scene.follows_files else (),
        outdated=scene.outdated,
        terms=words_of(contents.changes, terms.due, terms.known, scene.catalog),
        waiting=weighed.waiting,
        unmanaged=pairing.unmanaged,
        left=pairing.left,
        guards=verdicts.results,
        notices=(
            *request.notices,
            *pairing.notices,
            *(() if scene.follows_files else said_of(parks, releases)),
            *_notices(scene, contents, verdicts),
        ),
        client_notices=(
            *idle_exclusions(reader, pairing, contents.facts),
            *_why_they_stay(scene, weighed),
        ),
        summary=summary(contents.changes),
        blocked=any(result.result == "blocked" for result in verdicts.results),
    )
    bounds = bounds_of(verdicts.case, request.at)
    return Prepared(made.sealed(), weighed, verdicts.pair, verdicts.case, bounds, terms.left, parks, releases)


class _Scene(Struct, frozen=True):
    """What is asked for, and what is live where it is asked.

    Attributes:
        catalog: The live one.
        commit: That of the files; None where it is not known.
    """

    workspace: Workspace
    environment: Environment
    reader: PlatformReader
    request: PlanRequest
    platform: PlatformSeen
    heads: tuple[PackageHead, ...]
    catalog: Catalog | None
    commit: str | None
    outdated: tuple[Outdated, ...]

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        environment: Environment,
        reader: PlatformReader,
        request: PlanRequest,
        commit: str | None,
    ) -> _Scene:
        heads, catalog = reader.packages(), reader.catalog()
        platform, outdated = _seen(reader, heads), reader.outdated(request.at)
        return cls(workspace, environment, reader, request, platform, heads, catalog, commit, outdated)

    @property
    def follows_files(self) -> bool:
        return isinstance(self.request.aim, FilesApplied)

    @property
    def before(self) -> str | None:
        """The environment that comes before, where the plan is one of the files."""
        return self.environment.after if self.follows_files else None


class _Terms(Struct, frozen=True):
    """The catalog.

    Attributes:
        due: What of it is planned.
        left: What is due and not planned, by JSON Pointer.
        known: As an apply would leave it.
    """

    due: CatalogChange
    left: tuple[str, ...]
    known: Catalog | None

    @classmethod
    def of(cls, scene: _Scene, pairing: Pairing) -> _Terms:
        wanted, only = catalog_change(pairing.catalog, scene.catalog), scene.request.only
        due = wanted if only is None else only.of_catalog(wanted)
        left = tuple(each.path for each in wanted.fields if each not in due.fields)
        changed = with_terms(scene.catalog, ((each.path, each.after) for each in due.fields))
        return cls(due, left, changed if due.fields else scene.catalog or pairing.catalog)


class _Contents(Struct, frozen=True):
    """What differs, and whom it touches."""

    pairing: Pairing
    terms: _Terms
    weighed: Weighed
    facts: Facts
    assessed: tuple[Assessed, ...]
    changes: tuple[Change, ...]


def _contents(scene: _Scene) -> _Contents:
    workspace, reader, request = scene.workspace, scene.reader, scene.request
    live = {head.key: head for head in scene.heads}
    pairing = replace(
        pairing_for(request.aim, workspace, reader, live, scene.catalog, request.at),
        only=request.only,
        snapshots=scene.platform.capabilities.snapshots,
    )
    terms = _Terms.of(scene, pairing)
    weighed, facts = gather(reader, pairing, request.at, terms.known, show_emails=request.show_emails)
    require_possible(weighed.drafts.values(), scene.platform)
    _require_offered(scene, terms.known, weighed)
    by_files = _assessed(workspace, weighed, facts)
    assessed = (*by_files, *transfers.assessed(pairing.back, live, workspace.packages, facts))
    return _Contents(pairing, terms, weighed, facts, assessed, in_order(item.change for item in assessed))


class _Verdicts(Struct, frozen=True):
    """What the guards say.

    Attributes:
        looser: Guards that become looser with all that is due.
        loosened: Those of them that this plan loosens.
        first: Whether the environment before has the commit; None where nothing waits for that.
    """

    pair: GuardPair
    case: Case
    results: tuple[GuardResult, ...]
    looser: tuple[GuardChange, ...]
    loosened: tuple[GuardChange, ...]
    tightened: tuple[GuardChange, ...]
    first: Promotion | None


def _verdicts(scene: _Scene, contents: _Contents) -> _Verdicts:
    request, only = scene.request, scene.request.only
    pair = GuardPair(scene.reader.guards(), scene.environment.guards)
    case = _timed(_case(scene, pair, contents), scene.reader, request.at)
    looser, tightened = pair.changes(case.holders)
    loosened = tuple(each for each in looser if only is None or each.guard in only.loosened)
    is_change = bool(contents.changes or contents.terms.due.fields or looser or tightened)
    first = _first(scene, is_change=is_change)
    case = replace(case, after=first if request.is_applied else None)
    return _Verdicts(pair, case, judged(case), looser, loosened, tightened, first)


def _first(scene: _Scene, *, is_change: bool) -> Promotion | None:
    request, name = scene.request, scene.environment.name
    if scene.before is None:
        return None
    is_due = is_change or (request.is_applied and is_yet_to_record(name, scene.reader, scene.commit))
    return promotion(scene.before, request.earlier, scene.commit) if is_due else None


def _notices(scene: _Scene, contents: _Contents, verdicts: _Verdicts) -> Iterator[str]:
    weighed, request = contents.weighed, scene.request
    yield from left_behind(contents.pairing, weighed)
    yield from idle_rollouts(contents.pairing)
    yield from likely_renames(weighed)
    if scene.follows_files and scene.commit is None:
        yield from unknown_commit(scene.workspace.root)
    yield from idle_waivers(request.allow, verdicts.results)
    later = [each for each in verdicts.looser if scene.follows_files and each not in verdicts.loosened]
    yield from left_for_later(weighed, contents.terms.left, later)
    if verdicts.first and not request.is_applied:
        yield from waits(verdicts.first)
    if scene.before:
        yield from ahead(scene.before, request.earlier, scene.environment.name, scene.heads)
    if scene.follows_files:
        yield from _unapplied(scene, contents)
        yield from of_files(scene.workspace, weighed, verdicts.case, contents.assessed, contents.facts)
    else:
        yield from not_yet_loosened(verdicts.looser)


def _seen(reader: PlatformReader, heads: Sequence[PackageHead]) -> PlatformSeen:
    identity = reader.identity()
    newest = next(iter(reader.runs(limit=1, brief=True)), None)
    return PlatformSeen(
        kind=identity.kind,
        lineage=identity.lineage,
        capabilities=identity.capabilities,
        run=newest.id if newest else 0,
        run_plan=newest.plan_hash if newest else None,
        versions={head.key: head.version for head in heads},
    )


def _require_offered(scene: _Scene, known: Catalog | None, weighed: Weighed) -> None:
    """Raise `BlockedError` where a rollback would leave a package without a term that it needs."""
    aim = scene.request.aim
    if isinstance(aim, RunUndone) and known is not None:
        others = _others(scene, weighed) if known != scene.catalog else {}
        drafts = weighed.drafts.values()
        require_offered(f"run {aim.run}", drafts, others, scene.catalog or Catalog(), known)


def _others(scene: _Scene, weighed: Weighed) -> dict[str, Definition]:
    """Return the definitions of the packages that the plan leaves alone."""
    written = {draft.pair.live_key for draft in weighed.drafts.values()}
    left = [head for head in scene.heads if head.key not in written and not head.archived]
    found = scene.reader.definitions([RevisionRef(head.key, head.revision) for head in left])
    return {ref.key: definition for ref, definition in found.items()}


def _unapplied(scene: _Scene, contents: _Contents) -> Iterator[str]:
    commit, request = scene.commit, scene.request
    if commit is not None and not commit.endswith("-dirty") and request.commit is None:
        but, has_terms = None if request.is_due else commit, bool(contents.terms.due.fields)
        yield from unapplied(scene.workspace, scene.reader, contents.weighed, has_terms=has_terms, but=but)


def _parking(scene: _Scene, contents: _Contents) -> tuple[tuple[Parking, ...], tuple[Parking, ...]]:
    """Return what an apply parks, and what it releases."""
    aim, weighed = scene.request.aim, contents.weighed
    if not isinstance(aim, RunUndone):
        return (), contents.pairing.released
    steps = (step.candidate.pair for step in weighed.steps.values())
    pairs = (*(draft.pair for draft in weighed.drafts.values()), *steps)
    terms = (each.path for each in contents.terms.due.fields)
    return parked_by_rollback(aim.run, pairs, terms, scene.reader.parked(), files_of(scene.workspace))


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
        lately = consequences.losing_again(facts), consequences.restored(facts)
        yield Assessed(change, step.candidate.pair, consequences, owed, *lately)


def _case(scene: _Scene, both: GuardPair, contents: _Contents) -> Case:
    """Bring together everything that guards judge."""
    workspace, request, assessed = scene.workspace, scene.request, contents.assessed
    has_live = scene.follows_files and any(head.managed and not head.archived for head in scene.heads)
    is_losing = any(item.change.impact.clients_losing for item in assessed)
    holders = 0
    if is_losing or both.needs_holders:
        holders = contents.facts.everybody or scene.reader.holder_count(request.at)
    return Case(
        changes=assessed,
        guards=both.stricter(holders),
        today=request.at.astimezone(UTC).date(),
        allow=frozenset(request.allow),
        holders=holders,
        lost=contents.facts.lost.clients,
        would_empty=has_live and not workspace.packages,
        catalog=workspace.catalog or scene.catalog,
        by_hand=isinstance(request.aim, EventUndone | ClientsMoved) and _moving(assessed) == 1,
    )


def _moving(assessed: tuple[Assessed, ...]) -> int:
    moves = (item.change.reassignment for item in assessed)
    return sum(each.clients for each in moves if each is not None)


def _timed(case: Case, reader: PlatformReader, at: datetime) -> Case:
    """Find out when the losses of the last hours no longer block the plan, where they are what does."""
    room = room_for_earlier_losses(case)
    if room is None or not 0 <= room < case.lost:
        return case
    past = (run.at for run in reader.runs(limit=_RUNS_LOOKED_AT, brief=True) if run.moved)
    since = sorted(each + _TICK for each in past if each >= at - LOSSES_COUNT_FOR)
    place = bisect_left(since, True, key=lambda each: reader.lost_since(each).clients <= room)
    return replace(case, goes_on=since[place] + LOSSES_COUNT_FOR) if place < len(since) else case


def _why_they_stay(scene: _Scene, weighed: Weighed) -> Iterator[ClientNotice]:
    aim = scene.request.aim
    if isinstance(aim, ClientsReassigned) and aim.clients is not None:
        yield from stays(scene.reader, aim.package, aim.clients, weighed, scene.request.at)
