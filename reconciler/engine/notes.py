"""`notes`: for a plan, who could be told what. Nothing is sent and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.engine.binding import planned_again
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import Action
from reconciler.planning.change_set import moves
from reconciler.planning.client_diff import prospect
from reconciler.planning.notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition
    from reconciler.model.plans import Plan
    from reconciler.model.questions import ClientQuestion
    from reconciler.model.settings import Environment
    from reconciler.planning.assembly import Weighed
    from reconciler.sources.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NotesRequest:
    """Which notes are asked for.

    Attributes:
        at: The instant of the plan.
        on: The day that clients are told.
        kept: Also those who keep what they have until they are reassigned, or who only gain.
        reviewed: A saved plan; None: the plan that the files make now.
    """

    at: datetime
    on: date
    kept: bool = False
    reviewed: Plan | None = None


def notes(
    workspace: Workspace, environment: Environment, reader: PlatformReader, request: NotesRequest
) -> Iterator[Note]:
    """Stream a note per client whom the plan touches, by package and client id.

    Raises StaleError where the saved plan is for another platform, was applied, or does not hold any more.
    """
    asked = PlanRequest(request.at)
    prepared = (
        prepare(workspace, environment, reader, asked)
        if request.reviewed is None
        else planned_again(workspace, environment, reader, request.reviewed, asked)
    )
    for touched in _touched(prepared.plan, prepared.weighed):
        yield from _Telling(reader, request, touched).notes()


@dataclass(frozen=True, slots=True)
class _Touched:
    """One package of the plan.

    Attributes:
        target: What its holders would have.
        movers: Asks whom the plan moves; None: nobody.
        is_archived: Whether the plan archives it.
    """

    live_key: str
    target: Definition
    movers: ClientQuestion | None = None
    is_archived: bool = False


def _touched(plan: Plan, weighed: Weighed) -> tuple[_Touched, ...]:
    """Return the plan's packages that are live now, by key."""
    found = {}
    for change in plan.changes:
        draft = weighed.drafts.get(change.key)
        if change.action is not Action.REASSIGN and draft is not None and draft.pair.head is not None:
            is_archived = change.action is Action.ARCHIVE
            found[change.key] = _Touched(draft.pair.live_key, draft.after, is_archived=is_archived)
    reassigned = [change for change in plan.changes if change.reassignment is not None]
    for change, move in zip(reassigned, moves(plan, weighed), strict=True):
        candidate = weighed.steps[change.key, move.to_revision].candidate
        live_key = candidate.pair.live_key
        found[change.key] = _Touched(live_key, candidate.target, replace(move.who, package=live_key))
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True)
class _Telling:
    """The notes of one package; `snapshots` are the definitions of its revisions that were met so far."""

    reader: PlatformReader
    request: NotesRequest
    touched: _Touched
    snapshots: dict[int, Definition] = field(default_factory=dict)

    def notes(self) -> Iterator[Note]:
        at, touched = self.request.at, self.touched
        if touched.movers is None and not self.request.kept:
            return
        movers = self.reader.matching(touched.movers, at) if touched.movers else iter(())
        for client, is_mover in _beside(self.reader.clients(at, package=touched.live_key), movers):
            if is_mover or (self.request.kept and client.subscription.status == "active"):
                note = self._note(client, moves=is_mover)
                if note.is_due or (self.request.kept and note.moves and note.prospect.gains):
                    yield note

    def _note(self, client: Client, *, moves: bool) -> Note:
        snapshot = self._snapshot(client.subscription.revision)
        return Note(
            client=client,
            title=snapshot.title,
            moves=moves,
            prospect=prospect(client, snapshot, self.touched.target, self.request.at),
            on=self.request.on,
            is_archived=self.touched.is_archived,
        )

    def _snapshot(self, revision: int) -> Definition:
        if revision not in self.snapshots:
            ref = RevisionRef(self.touched.live_key, revision)
            self.snapshots[revision] = self.reader.definitions([ref])[ref]
        return self.snapshots[revision]


def _beside(clients: Iterable[Client], movers: Iterator[str]) -> Iterator[tuple[Client, bool]]:
    """Yield each client with whether it is among the movers; both come by id."""
    mover = next(movers, None)
    for client in clients:
        while mover is not None and mover < client.id:
            mover = next(movers, None)
        yield client, mover == client.id
