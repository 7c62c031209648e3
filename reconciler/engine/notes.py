"""`notes`: for a plan, who could be told what. Nothing is sent and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from reconciler.engine.binding import planned_again
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.errors import WrongUsageError
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
    from reconciler.model.terms import Term
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

    Raises StaleError where the saved plan is for another platform, was applied, or does not hold any more;
    WrongUsageError where it moves clients between packages or takes back what a hand did to them.
    """
    asked = PlanRequest(request.at)
    prepared = (
        prepare(workspace, environment, reader, asked)
        if request.reviewed is None
        else planned_again(workspace, environment, reader, request.reviewed, asked)
    )
    if any(change.is_transfer for change in prepared.plan.changes):
        raise WrongUsageError(
            "There are no notes on a plan that moves clients between packages or takes back what a hand did.",
            hint="`clients list --touched PLANFILE` names them, and `clients show` says what each holds.",
        )
    for touched in _touched(prepared.plan, prepared.weighed):
        yield from _Telling(reader, request, touched).notes()


@dataclass(frozen=True, slots=True)
class _Touched:
    """One package of the plan.

    Attributes:
        target: What its holders would have.
        taken: What the plan takes from its holders; an earlier edit may have taken more.
        moves: Asks whom the plan moves, each with what they get: a rollback gives back several revisions.
        is_archived: Whether the plan archives it.
    """

    live_key: str
    target: Definition
    taken: frozenset[Term] = frozenset()
    moves: tuple[tuple[ClientQuestion, Definition], ...] = ()
    is_archived: bool = False


def _touched(plan: Plan, weighed: Weighed) -> tuple[_Touched, ...]:
    """Return the plan's packages that are live now, by key."""
    found = {}
    for key, draft in weighed.drafts.items():
        if draft.pair.head is not None:
            is_archived, taken = draft.action is Action.ARCHIVE, weighed.of_drafts[key].taken
            found[key] = _Touched(draft.pair.live_key, draft.after, taken, is_archived=is_archived)
    for move in moves(plan, weighed):
        key, id_ = move.who.package, (move.who.package, move.to_revision)
        candidate = weighed.steps[id_].candidate
        edit = found.get(key) or _Touched(candidate.pair.live_key, candidate.target)
        told = edit if move.to_revision else replace(edit, taken=weighed.of_steps[id_].taken)
        who = replace(move.who, package=edit.live_key)
        found[key] = replace(told, moves=(*edit.moves, (who, candidate.target)))
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
        if not touched.moves and not self.request.kept:
            return
        asked = (
            zip(self.reader.matching(who, at), repeat(target), strict=False) for who, target in touched.moves
        )
        movers = merge(*asked, key=itemgetter(0))
        for client, target in _beside(self.reader.clients(at, package=touched.live_key), movers):
            if target or (self.request.kept and client.subscription.status == "active"):
                note = self._note(client, target)
                if self._is_due(note):
                    yield note

    def _is_due(self, note: Note) -> bool:
        """Whether the plan touches the client: what an earlier edit took is no news to who keeps it."""
        lost = {each.term for each in note.prospect.losses}
        if note.moves:
            return bool(lost or (self.request.kept and note.prospect.gains))
        return note.is_archived or not lost.isdisjoint(self.touched.taken)

    def _note(self, client: Client, target: Definition | None) -> Note:
        snapshot = self._snapshot(client.subscription.revision)
        return Note(
            client=client,
            title=snapshot.title,
            moves=target is not None,
            prospect=prospect(client, snapshot, target or self.touched.target, self.request.at),
            on=self.request.on,
            is_archived=self.touched.is_archived,
        )

    def _snapshot(self, revision: int) -> Definition:
        if revision not in self.snapshots:
            ref = RevisionRef(self.touched.live_key, revision)
            self.snapshots[revision] = self.reader.definitions([ref])[ref]
        return self.snapshots[revision]


def _beside(
    clients: Iterable[Client], movers: Iterator[tuple[str, Definition]]
) -> Iterator[tuple[Client, Definition | None]]:
    """Yield each client with what it gets, None where it is not among the movers; both come by id."""
    mover = next(movers, None)
    for client in clients:
        while mover is not None and mover[0] < client.id:
            mover = next(movers, None)
        yield client, mover[1] if mover is not None and mover[0] == client.id else None
