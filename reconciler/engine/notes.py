"""`notes`: for a plan, who could be told what. Nothing is sent and nothing is written."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, time
from heapq import merge
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.engine.binding import planned_again
from reconciler.engine.plan import PlanRequest, prepare
from reconciler.errors import StaleError, WrongUsageError
from reconciler.live.rules import carried_over, refused_assignment
from reconciler.model.grants import kept_on_assignment, kept_on_reassignment
from reconciler.model.packages import RevisionRef
from reconciler.model.plans import Action, ClientsMoved
from reconciler.planning.change_set import moves
from reconciler.planning.client_diff import prospect, prospect_anew
from reconciler.planning.notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.clients import Client
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import Plan
    from reconciler.model.questions import ClientQuestion
    from reconciler.model.settings import Environment
    from reconciler.model.terms import Term
    from reconciler.planning.assembly import Weighed
    from reconciler.sources.workspace import Workspace


class NotesRequest(Struct, frozen=True):
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
    WrongUsageError where it takes back what was done to clients one by one.
    """
    asked = PlanRequest(request.at)
    prepared = (
        prepare(workspace, environment, reader, asked)
        if request.reviewed is None
        else planned_again(workspace, environment, reader, request.reviewed, asked)
    )
    aim = prepared.plan.aim
    if isinstance(aim, ClientsMoved):
        yield from _Moving.found(reader, request, aim).notes()
        return
    if any(change.is_transfer for change in prepared.plan.changes):
        raise WrongUsageError(
            "There are no notes on a plan that takes back what was done to clients one by one.",
            hint="`clients list --touched PLANFILE` names them, and `clients show` says what each holds.",
        )
    for touched in _touched(prepared.plan, prepared.weighed):
        yield from _Telling(reader, request, touched).notes()


class _Touched(Struct, frozen=True):
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
        who = dataclasses.replace(move.who, package=edit.live_key)
        found[key] = replace(told, moves=(*edit.moves, (who, candidate.target)))
    return tuple(found[key] for key in sorted(found))


class _Telling(Struct, frozen=True):
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
            kept=kept_on_reassignment(client.grants),
        )

    def _snapshot(self, revision: int) -> Definition:
        return _snapshot(self.reader, RevisionRef(self.touched.live_key, revision), self.snapshots)


class _Moving(Struct, frozen=True):
    """The notes on a move to another package; `snapshots` are of the revisions that were met so far."""

    reader: PlatformReader
    request: NotesRequest
    aim: ClientsMoved
    head: PackageHead
    target: Definition
    catalog: Catalog | None
    snapshots: dict[int, Definition] = field(default_factory=dict)

    @classmethod
    def found(cls, reader: PlatformReader, request: NotesRequest, aim: ClientsMoved) -> _Moving:
        """Look up where they go; raises StaleError where that is gone since it was planned."""
        head = reader.package(aim.to_package)
        if head is None:
            raise StaleError(f"The package `{aim.to_package}` is gone since the plan was made.")
        ref = RevisionRef(head.key, head.revision)
        return cls(reader, request, aim, head, reader.definitions([ref])[ref], reader.catalog())

    def notes(self) -> Iterator[Note]:
        for client in self._movers():
            note = self._note(client)
            if note.prospect.losses or (self.request.kept and note.prospect.gains):
                yield note

    def _movers(self) -> Iterator[Client]:
        """Yield those with an active subscription who may have the package, by id."""
        at, named = self.request.at, self.aim.clients
        if named is None:
            found = self.reader.clients(at, package=self.aim.package)
        else:
            found = (self.reader.client(each, at) for each in sorted({*named}))
        for client in found:
            held = client.subscription
            is_holder = held.package == self.aim.package and held.status == "active"
            if is_holder and refused_assignment(self.head, self.target, client.owner_email) is None:
                yield client

    def _note(self, client: Client) -> Note:
        ref = RevisionRef(self.aim.package, client.subscription.revision)
        snapshot = _snapshot(self.reader, ref, self.snapshots)
        if self.aim.keeps_term:
            kept = kept_on_reassignment(client.grants)
            brought = prospect(client, snapshot, self.target, self.request.at)
        else:
            kept = kept_on_assignment(client.grants)
            carried = carried_over(client.usage, snapshot, self.catalog)
            restarted = client.usage.keys() - carried.keys()
            brought = prospect_anew(client, snapshot, self.target, self._start, restarted)
        return Note(
            client=client,
            title=snapshot.title,
            moves=True,
            prospect=brought,
            on=self.request.on,
            to_title=self.target.title,
            starts_anew=not self.aim.keeps_term,
            kept=kept,
        )

    @property
    def _start(self) -> datetime:
        """When a term begins anew: on the day that clients are told, in UTC."""
        at = self.request.at.astimezone(UTC)
        return at if self.request.on <= at.date() else datetime.combine(self.request.on, time.min, UTC)


def _snapshot(reader: PlatformReader, ref: RevisionRef, known: dict[int, Definition]) -> Definition:
    if ref.revision not in known:
        known[ref.revision] = reader.definitions([ref])[ref]
    return known[ref.revision]


def _beside(
    clients: Iterable[Client], movers: Iterator[tuple[str, Definition]]
) -> Iterator[tuple[Client, Definition | None]]:
    """Yield each client with what it gets, None where it is not among the movers; both come by id."""
    mover = next(movers, None)
    for client in clients:
        while mover is not None and mover[0] < client.id:
            mover = next(movers, None)
        yield client, mover[1] if mover is not None and mover[0] == client.id else None
