"""The contract as the simplest program that keeps it: dictionaries, loops, no SQL and no speed.

Independent of the store on purpose: what both say alike is what the port means.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from reconciler.errors import BlockedError, InvalidError, StaleError, UnaskedMovesError, WrongUsageError
from reconciler.live import naming
from reconciler.live.granting import Recipient
from reconciler.live.rules import Refusal
from reconciler.live.telling import told, told_back, told_catalog, told_guards
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import ArchiveWrite, Moved, PackageWrite, Parked, Run
from reconciler.model.clients import EVERYBODY, Forgotten, ImportReport, Mention, is_lessened
from reconciler.model.emails import normal_email
from reconciler.model.events import BY_RUNS, UNKNOWN, Author, Event, Seal
from reconciler.model.expiry import end_of
from reconciler.model.findings import Finding, Position
from reconciler.model.forms import require
from reconciler.model.grants import (
    OCCASIONS,
    Extending,
    Grant,
    Granting,
    Revoking,
    kept_on_assignment,
    kept_on_reassignment,
    spent_in_cycle,
    with_grants,
)
from reconciler.model.history import HistoryEntry
from reconciler.model.losses import Bounds, Entry, InForce, Lost
from reconciler.model.packages import PackageHead, Share
from reconciler.model.plans import ClientsMoved, EventUndone, Outdated, PlatformIdentity
from reconciler.model.prospects import Adjusted, Assignment
from reconciler.model.questions import Answer, EndedToo, LostSince, LostUnder, Tally
from reconciler.model.transfers import Transfers
from reconciler.planning import moving, transfers
from reconciler.planning.client_diff import prospect_anew
from reconciler.planning.history import of_event, package_history
from reconciler.planning.transfers import require_undoable
from tests.contract import world
from tests.contract.judging import Before, Verdicts
from tests.contract.losing import (
    Stated,
    distinct,
    is_narrower,
    lost_under,
    takes,
    takes_anything,
    was_restored,
)
from tests.contract.world import Given, Holder, Package, World, meets, refusal, state

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.live.port import PlatformReader
    from reconciler.model.changesets import ChangeSet, Move
    from reconciler.model.clients import Client, ClientFilter, ClientLine, ClientUpdate, Subscription
    from reconciler.model.grants import Adjustment
    from reconciler.model.packages import Definition, PackageHead, RevisionRef
    from reconciler.model.plans import RunUndone
    from reconciler.model.questions import ClientQuestion, Condition
    from reconciler.model.settings import Bound, Guards
    from reconciler.model.transfers import Returning, Transfer, TransferAim

STARTS: Final = tuple(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(400))
LINEAGE: Final = "00000000-0000-4000-8000-000000000000"


class FakePlatform:
    def __init__(self) -> None:
        self._world = World()
        self._ids = count()
        self._movers: list[str] = []
        self._at = STARTS[0]

    def at_one_instant(self, read: Callable[[PlatformReader], Any]) -> Any:
        return read(deepcopy(self))

    def identity(self) -> PlatformIdentity:
        return PlatformIdentity(kind="fake", lineage=LINEAGE)

    def catalog(self) -> Catalog | None:
        return self._world.catalog

    def guards(self) -> Guards | None:
        return self._world.guards

    def parked(self) -> tuple[Parked, ...]:
        return tuple(parked for _, parked in sorted(self._world.parked.items()))

    def packages(self) -> tuple[PackageHead, ...]:
        return tuple(package.head for _, package in sorted(self._world.packages.items()))

    def package(self, key: str) -> PackageHead | None:
        return next((head for head in self.packages() if head.key == key), None)

    def definitions(self, wanted: Collection[RevisionRef]) -> Mapping[RevisionRef, Definition]:
        return {
            ref: self._world.packages[ref.key].revisions[ref.revision - 1]
            for ref in wanted
            if ref.key in self._world.packages
            and 1 <= ref.revision <= len(self._world.packages[ref.key].revisions)
        }

    def holdings(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[int, int]]:
        counts: dict[str, dict[int, int]] = {}
        for holder in self._world.holders.values():
            if holder.package.key in keys and holder.is_active(at):
                held = counts.setdefault(holder.package.key, {})
                held[holder.revision] = held.get(holder.revision, 0) + 1
        return counts

    def suspended(self, keys: Collection[str], at: datetime) -> Mapping[str, int]:
        return Counter(
            holder.package.key
            for holder in self._world.holders.values()
            if holder.package.key in keys and holder.seen(at).subscription.status == "suspended"
        )

    def granted_terms(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[str, bool]]:
        found: dict[str, dict[str, bool]] = {}
        for holder in self._world.holders.values():
            if holder.package.key in keys and holder.is_active(at):
                of_package = found.setdefault(holder.package.key, {})
                for each in (given for given in holder.grants if given.may_count(holder, at)):
                    ends = each.grant.until == "reassigned" and not each.has_ended(holder, at)
                    of_package[each.grant.term] = of_package.get(each.grant.term, False) or ends
                if holder.extended_to:
                    of_package["expiry"] = False
        return {key: terms for key, terms in found.items() if terms}

    def outdated(self, at: datetime) -> tuple[Outdated, ...]:
        counts = Counter(
            (holder.package.key, holder.revision)
            for holder in self._world.holders.values()
            if holder.is_active(at) and holder.is_outdated
        )
        return tuple(
            Outdated(package=key, revision=revision, clients=clients, since=package.outdated_since(revision))
            for (key, revision), clients in sorted(counts.items())
            for package in (self._world.packages[key],)
        )

    def acknowledged(self, at: datetime) -> tuple[InForce, ...]:
        found = []
        for key, package in sorted(self._world.packages.items()):
            for entry in (package.entries[which] for which in sorted(package.entries)):
                lost = list(lost_under(self._world, package, entry, self._world.holders.values()))
                erased = lost_under(self._world, package, entry, self._world.erased)
                stated = Entry(key, entry.verb, entry.term, entry.clients, entry.until)
                total = distinct(lost) + distinct(erased)
                found.append(InForce(stated, total, self._is_spent(package, entry, at)))
        return tuple(found)

    def lost_since(self, since: datetime) -> Lost:
        world = self._world
        lost = self._lost_by_runs(world.holders.values(), since)
        numbers = {id(holder): number for number, holder in world.numbers.items()}
        gone = self._lost_by_runs(world.erased, since)
        by_run = {numbers.get(id(holder), holder.id) for holder, _ in (*lost, *gone)}
        by_hand = {each.number for each in self._lost_by_hand(since)}
        return Lost(len(by_run | by_hand))

    def _meets(self, holder: Holder, condition: Condition, at: datetime) -> bool:
        match condition:
            case LostUnder(verb, term):
                entry = holder.package.entries.get((verb, term))
                return entry is not None and any(lost_under(self._world, holder.package, entry, [holder]))
            case LostSince(instant, back_to):
                number = self._world.number_of(holder.id)
                by_hand = any(each.number == number for each in self._lost_by_hand(instant))
                back = (holder.package, back_to, holder.revision)
                moves = (move for _, move in self._lost_by_runs([holder], instant))
                return by_hand or any(
                    (move.package, move.from_revision, move.to_revision) != back for move in moves
                )
            case _:
                return meets(holder, condition, at)

    def _lost_by_runs(self, among: Iterable[Holder], since: datetime) -> list[tuple[Holder, world.Moved]]:
        runs = {run.id: run.at for run in self._world.runs if run.at >= since}
        return [
            (holder, move)
            for holder in among
            for move in holder.moved
            if move.run in runs and takes_anything(move, runs[move.run]) and not was_restored(holder, move)
        ]

    def _lost_by_hand(self, since: datetime) -> list[Event]:
        events = self._world.events
        return [each for each in events if each.at >= since and each.lost and not self._is_restored(each)]

    def _last_loss(self, holder: Holder) -> datetime | None:
        ever = datetime.min.replace(tzinfo=UTC)
        by_run = [self._world.runs[move.run - 1].at for _, move in self._lost_by_runs([holder], ever)]
        number = self._world.number_of(holder.id)
        by_hand = [each.at for each in self._lost_by_hand(ever) if each.number == number]
        return max([*by_run, *by_hand], default=None)

    def _is_restored(self, event: Event) -> bool:
        return any(
            (each.kind, each.number) == ("restore", event.number)
            and each.at >= event.at
            and (each.before, each.after) == (event.after, event.before)
            for each in self._world.events
        )

    def _is_spent(self, package: Package, entry: Stated, at: datetime) -> bool:
        if entry.is_spent:
            return True
        if entry.verb == "archives":
            return package.archived
        if entry.verb == "narrows":
            first = entry.since_revision
            return first > 0 and is_narrower(package.current, package.revisions[first - 1])
        lost = lost_under(self._world, package, entry, self._world.holders.values())
        former = {move.from_revision for _, move in lost}
        before = [package.revisions[number - 1] for number in former | {entry.since_revision} if number]
        is_gone = any(_takes_from_any(self._world, entry, each, package.current) for each in before)
        left = (
            holder.snapshot
            for holder in self._world.holders.values()
            if holder.package is package and (holder.expires_at is None or holder.expires_at > at)
        )
        return is_gone and not any(
            _takes_from_any(self._world, entry, held, package.current) for held in left
        )

    def _spend(self, at: datetime) -> None:
        for package in self._world.packages.values():
            for which, entry in package.entries.items():
                package.entries[which] = entry._replace(is_spent=self._is_spent(package, entry, at))

    def _keep(self, change_set: ChangeSet, run: Run, before: Mapping[str, int]) -> None:
        origins = {write.key: write.origin for write in change_set.writes}
        of_files = change_set.acknowledgements
        for key, package in self._world.packages.items():
            kept = {} if of_files is not None else dict(package.entries)
            for each in (*change_set.bounds.entries, *(of_files or ())):
                if each.package != key:
                    continue
                revision = before.get(origins.get(key, key), 0)
                new = Stated(each.verb, each.term, run.id, revision, each.clients, each.until)
                known = (*kept.values(), *package.entries.values())
                old = next((old for old in known if old.is_same(new)), new)
                kept.pop((old.verb, old.term), None)
                edited = old.edited(new)
                kept[edited.verb, edited.term] = edited
            package.entries = kept

    def _require_within(self, bounds: Bounds, at: datetime) -> None:
        lost = {
            (each.entry.package, each.entry.verb, each.entry.term): each for each in self.acknowledged(at)
        }
        for entry in bounds.entries:
            if lost[entry.package, entry.verb, entry.term].lost > entry.clients:
                raise StaleError(f"{entry} is passed")
        if bounds.lately and self.lost_since(bounds.lately.since).clients > bounds.lately.clients:
            raise StaleError("too many lose something")

    def consumption(self, package: str, meter: str, at: datetime) -> Iterator[Tally]:
        tallies = Counter(
            (holder.users if meter == "user_count" else holder.usage.get(meter, 0), holder.revision)
            for holder in self._world.holders.values()
            if holder.package.key == package and holder.is_active(at)
        )
        return (Tally(revision, amount, clients) for (amount, revision), clients in sorted(tallies.items()))

    def holder_count(self, at: datetime) -> int:
        return sum(holder.is_active(at) for holder in self._world.holders.values())

    def answers(
        self, questions: Sequence[ClientQuestion], at: datetime, *, sample: int
    ) -> tuple[Answer, ...]:
        found = [list(self.matching(question, at)) for question in questions]
        return tuple(Answer(len(ids), tuple(ids[:sample])) for ids in found)

    def matching(self, question: ClientQuestion, at: datetime) -> Iterator[str]:
        for _, holder in sorted(self._world.holders.items()):
            if (
                holder.package.key == question.package
                and holder.revision in question.revisions
                and (
                    holder.is_active(at) or (holder.status == "active" and EndedToo() in question.conditions)
                )
                and all(self._meets(holder, condition, at) for condition in question.conditions)
            ):
                yield holder.id

    def nth_matching(self, question: ClientQuestion, n: int, at: datetime) -> str | None:
        return dict(enumerate(self.matching(question, at), start=1)).get(n)

    def client(self, client_id: str, at: datetime) -> Client:
        return self._holder(client_id).seen(at)

    def snapshot(self, client_id: str) -> Definition:
        return self._holder(client_id).snapshot

    def clients(
        self,
        at: datetime,
        *,
        package: str | None = None,
        outdated: bool = False,
        only: ClientFilter = EVERYBODY,
    ) -> Iterator[Client]:
        require(naming.of_readable(only))
        if package is not None:
            self._package(package)
        for _, holder in sorted(self._world.holders.items()):
            is_asked = package in {None, holder.package.key} and (holder.is_outdated or not outdated)
            if is_asked and _is_listed(holder, only, at):
                yield holder.seen(at)

    def runs(self, *, limit: int = 50, before: int | None = None, brief: bool = False) -> tuple[Run, ...]:
        older = [run for run in self._world.runs if before is None or run.id < before]
        found = tuple(reversed(older))[:limit]
        return tuple(replace(run, changes=(), before={}, after={}) for run in found) if brief else found

    def run(self, run_id: int) -> Run:
        if not 1 <= run_id <= len(self._world.runs):
            raise WrongUsageError(f"there is no run {run_id}", hint="`history` lists the runs.")
        return self._world.runs[run_id - 1]

    def moved_by(self, run_id: int) -> tuple[Moved, ...]:
        counts = Counter(
            (move.package.key, move.from_revision, move.to_revision)
            for holder in self._world.holders.values()
            for move in holder.moved
            if move.run == run_id
        )
        return tuple(Moved(*which, clients) for which, clients in sorted(counts.items()))

    def run_of_plan(self, plan_hash: str) -> Run | None:
        return next((run for run in self._world.runs if run.plan_hash == plan_hash), None)

    def apply(self, change_set: ChangeSet) -> Run:
        if change_set.lineage != LINEAGE:
            raise StaleError("the plan was made for another platform")
        earlier = self.run_of_plan(change_set.plan_hash)
        if earlier is not None:
            return earlier
        with self._all_or_nothing() as world:
            self._require_unmoved(change_set)
            self._require_planned_consequences(change_set)
            guards = told_guards(change_set, world.guards, lambda: self.holder_count(change_set.at))
            former = world.catalog
            world.catalog = self._merged(change_set)
            catalog = told_catalog(former, world.catalog)
            guards_before = world.guards
            world.guards = change_set.guards or world.guards
            self._spend(change_set.at)
            before = {package.key: len(package.revisions) for package in world.packages.values()}
            verdicts, written = self._verdicts(change_set, guards_before), self._before(change_set)
            run = self._write_all(change_set)
            self._require_offered(former)
            self._keep(change_set, run, before)
            moved = sum(self._move(move, change_set.at) for move in change_set.moves)
            by = Author(run.actor, run.on_behalf_of, run.reason)
            back = self._transfer(change_set.transfer, by, change_set.at) if change_set.transfer else ()
            moved += sum(each.clients for each in back if each.term != "same")
            run = replace(run, changes=(*run.changes, *told_back(back)))
            world.runs.append(replace(run, moved=moved, catalog=catalog, guards=guards))
            self._require_within(change_set.bounds, change_set.at)
            verdicts.judge_writes(written)
            verdicts.judge_transfers(back, self.lost_since(change_set.at - timedelta(hours=23)).clients)
            verdicts.judge_moves(run.id, {write.key: write.origin for write in change_set.writes})
            self._spend(change_set.at)
            for each in change_set.releases:
                if each.subject in world.parked and world.parked[each.subject].file == each.file:
                    del world.parked[each.subject]
            for each in change_set.parks:
                world.parked[each.subject] = Parked(each.subject, each.file, run.id)
            world.runs[-1] = replace(world.runs[-1], seal=self._seal(world.runs[-1]).digest)
            return world.runs[-1]

    def _verdicts(self, change_set: ChangeSet, recorded: Guards | None) -> Verdicts:
        several = tuple(each for each in (recorded, change_set.guards) if each is not None)
        at, entries = change_set.at, change_set.bounds.entries
        return Verdicts(self._world, several, at, self.holder_count(at), change_set.allowed, entries)

    def _before(self, change_set: ChangeSet) -> dict[str, Before]:
        known = {write.key: self._world.packages.get(write.origin) for write in change_set.writes}
        return {key: Before(each.key, each.current, each.archived) for key, each in known.items() if each}

    def import_clients(
        self,
        lines: Iterable[ClientLine],
        at: datetime,
        *,
        assign: Bound | None = None,
        by: Author = UNKNOWN,
    ) -> ImportReport:
        require(naming.of_author(by))
        passed = self._passed(assign, at)
        moved = moving.Movements(at)
        with self._all_or_nothing() as world:
            existed = set(world.holders)
            statuses = {each.id: each.status for each in world.holders.values()}
            met: set[str] = set()
            findings: list[Finding] = []
            changed: list[Any] = []
            for line in lines:
                before = world.holders.get(line.id)
                was = before and (before.seen(at), before.snapshot)
                reason = "duplicate-id" if line.id in met else self._take(line, at) or self._give(line, at)
                met.add(line.id)
                if reason:
                    findings.append(Finding("clients", Position(line.line), _rule(reason), line.id))
                else:
                    changed += self._noted(moved, was, line.id, at)
            if findings:
                raise InvalidError("bad lines", findings=tuple(findings))
            moves = moved.told()
            if moves and assign is None:
                raise UnaskedMovesError("unasked", moves=moves)
            report = ImportReport(len(met - existed), len(met & existed), moves)
            after = {"added": report.added, "updated": report.updated, "lines": "sha256:0"}
            whole = self._write_down("import", at, by, after=after)
            for client, held, lost in changed:
                self._write_down("import", at, by, client, held, part_of=whole.id, lost=lost)
            for client, status in statuses.items():
                holder = world.holders[client]
                if holder.status != status:
                    self._note_update(holder, status, ["status"], at, by, whole.id)
            losing = sum(each.clients_losing for each in moves)
            total = self.lost_since(at - timedelta(hours=23)).clients
            if losing and sum(each.clients for each in moves) > 1 and total > passed:
                raise BlockedError("too many would lose something")
            return report

    def _noted(self, moved: moving.Movements, was: Any, id_: str, at: datetime) -> list[Any]:
        now = self._world.holders[id_]
        if was is None:
            return [(id_, None, False)]
        held = was[0].subscription
        if (held.package, held.assigned_at) == (now.package.key, now.assigned_at):
            return []
        client, snapshot = was
        after = now.snapshot, now.expires_at, now.granted(at)
        lost = moved.note(moving.Moved(client, snapshot, now.package.key, *after))
        return [(id_, _holding(held), lost)]

    def client_history(self, client_id: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        holder = self._holder(client_id)
        found = [of_event(each) for each in self._world.events if each.client == client_id]
        for move in holder.moved:
            run = self._world.runs[move.run - 1]
            held = {"package": move.package.key, "assigned_at": move.start.isoformat()}
            before, after = {**held, "revision": move.from_revision}, {**held, "revision": move.to_revision}
            who = run.actor, run.on_behalf_of, run.reason, None
            which = run.id, run.commit, move.package.key
            found.append(HistoryEntry(run.at, "run", *who, *which, before, after))
        yield from sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    def package_history(self, key: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        self._package(key)
        by_hand = [each for each in self._world.events if each.client is None]
        found = package_history(
            reversed(self._world.runs), lambda key: (each for each in by_hand if each.package == key), key
        )
        yield from found[:limit]

    def foresee_transfers(self, of: TransferAim, at: datetime) -> Transfers:
        if isinstance(of, ClientsMoved):
            return self._foresee_move(of, at)
        if isinstance(of, EventUndone):
            found = next((each for each in self._world.events if each.id == of.event), None)
            event = require_undoable(of.event, found)
            if event.kind == "edit":
                return Transfers(event, package=self._name_now(event.package or "", event.at))
        else:
            self.run(of.run)
            event = None
        returns, self._at = transfers.Returns(at), at
        written, held = self._written(of)
        for each in held:
            if each.is_beside or each.before is not None:
                returns.note(self._back(each, at))
        added = sum(not each.is_beside and each.before is None for each in held)
        return Transfers(event, returns.told(), None, len(written) - len(held), added)

    def _foresee_move(self, of: ClientsMoved, at: datetime) -> Transfers:
        world, returns = self._world, transfers.Returns(at)
        target = self._package(of.to_package)
        if self._package(of.package) is target:
            raise WrongUsageError("the same package")
        if target.archived:
            raise BlockedError("archived")
        named = [self._holder(each) for each in sorted({*(of.clients or ())})]
        everybody = [each for _, each in sorted(world.holders.items()) if each.is_active(at)]
        asked = everybody if of.clients is None else named
        holding = [each for each in asked if each.package.key == of.package]
        movers = [each for each in holding if not refusal(target, each.owner_email)]
        for each in movers:
            returns.note(self._moved(each.id, of, at))
        changed = 0 if of.clients is None else len(named) - len(holding)
        self._movers = [each.id for each in movers]
        return Transfers(None, returns.told(), None, changed, 0, len(holding) - len(movers))

    def _moved(self, client_id: str, of: ClientsMoved, at: datetime) -> transfers.Return:
        """Work out the move on a copy of the world, in which it is made."""
        was, snapshot = self._holder(client_id).seen(at), self._holder(client_id).snapshot
        world, self._world = self._world, deepcopy(self._world)
        try:
            holder = self._holder(client_id)
            self._move_between(holder, of, at)
            then = self._package(of.to_package)
            where = then.key, len(then.revisions), then.current, holder.expires_at
            kept = kept_on_reassignment(was.grants) if of.keeps_term else kept_on_assignment(was.grants)
            return transfers.Return(was, snapshot, *where, kept, "kept" if of.keeps_term else "new")
        finally:
            self._world = world

    def _move_between(self, holder: Holder, of: ClientsMoved, at: datetime) -> None:
        target = self._package(of.to_package)
        if of.keeps_term:
            holder.grants = [each for each in holder.grants if each.grant.until != "reassigned"]
            holder.package, holder.revision = target, len(target.revisions)
        else:
            self._begin(holder, target, at, at)

    def _written(self, of: EventUndone | RunUndone) -> tuple[list[Event], list[Event]]:
        """What was done to clients, and that of it after which they hold the same still."""
        world = self._world
        written = [
            each
            for each in world.events
            if each.number is not None
            and (
                (
                    (each.kind in {"assign", "import"} and of.event in {each.id, each.part_of})
                    or (each.is_beside and each.kind != "restore" and of.event == each.id)
                )
                if isinstance(of, EventUndone)
                else each.kind in BY_RUNS and each.run == of.run
            )
        ]
        held = []
        for each in written:
            if each.is_beside:
                reason = self._why_not(each, self._at)
                if reason and isinstance(of, EventUndone):
                    raise BlockedError(reason)
                held += [] if reason else [each]
                continue
            holder, after = world.holders.get(each.client or ""), each.after or {}
            package = self._name_now(after["package"], each.at)
            now = holder and (holder.package.key, holder.revision, holder.assigned_at.isoformat())
            if now == (package, after["revision"], after["assigned_at"]):
                held.append(each)
        return written, held

    def _why_not(self, event: Event, at: datetime) -> str:
        """Say why a grant, a revocation or an extension cannot be taken back; nothing where it can."""
        holder = self._world.holders.get(event.client or "")
        if holder is None:
            return "forgotten"
        if not event.is_of_grant:
            return "" if (event.after or {})["extended_to"] == _ends(holder)["extended_to"] else "moved on"
        counting = {each.id for each in holder.granted(at)}
        if event.after is not None:
            return "" if event.after["id"] in counting else "gone"
        given = _given(event.before or {})
        is_elsewhere = given.grant.until == "reassigned" and event.package != holder.package.key
        is_over = given.has_ended(holder, at) or given.grant.id in counting or is_elsewhere
        recipient = Recipient(holder.seen(at), holder.snapshot, self._world.catalog, at)
        return "over" if is_over or recipient.refused(given.grant) else ""

    def _readjust(self, event: Event, by: Author, at: datetime) -> None:
        holder = self._holder(event.client or "")
        lost = transfers.Returns(at).note(self._back(event, at))
        before, after = event.after, event.before
        if not event.is_of_grant:
            before = _ends(holder)
        holder.__dict__.update(vars(self._readjusted(event)))
        if not event.is_of_grant:
            after = _ends(holder)
        self._write_down("restore", at, by, holder.id, before, told=after, lost=lost)

    def _readjusted(self, event: Event) -> Holder:
        holder = deepcopy(self._holder(event.client or ""))
        holder.package = self._holder(holder.id).package
        if not event.is_of_grant:
            ends = (event.before or {})["extended_to"]
            holder.extended_to = ends and datetime.fromisoformat(ends)
        elif event.after is not None:
            gone = event.after["id"]
            holder.grants = [each for each in holder.grants if each.grant.id != gone]
        else:
            holder.grants.append(_given(event.before or {}))
        return holder

    def _name_now(self, key: str, since: datetime) -> str:
        for run in self._world.runs:
            if run.at >= since:
                key = next((new for new, old in run.renamed.items() if old == key), key)
        return key

    def _back(self, event: Event, at: datetime) -> transfers.Return:
        holder, before = self._holder(event.client or ""), event.before or {}
        if event.is_beside:
            then = self._readjusted(event)
            kept = then.granted(at)
            where = holder.package.key, holder.revision, holder.snapshot, then.expires_at
            return transfers.Return(holder.seen(at), holder.snapshot, *where, kept, "same")
        package = self._package(self._name_now(before["package"], event.at))
        target = package.revisions[before["revision"] - 1]
        extended_to = before.get("extended_to") and datetime.fromisoformat(before["extended_to"])
        ends = end_of(target.expiry, datetime.fromisoformat(before["assigned_at"]), extended_to)
        now = holder.seen(at)
        kept = kept_on_reassignment(now.grants)
        return transfers.Return(now, holder.snapshot, package.key, before["revision"], target, ends, kept)

    def _transfer(self, transfer: Transfer, by: Author, at: datetime) -> tuple[Returning, ...]:
        told = self.foresee_transfers(transfer.of, at).returns
        if (
            sum(each.losing for each in told) > transfer.losing
            or sum(each.ended for each in told) > transfer.ended
        ):
            raise StaleError("more than planned lose something")
        transfers.require_reason(transfer.of, by)
        if isinstance(transfer.of, ClientsMoved):
            for id_ in self._movers:
                was = _holding(self._holder(id_).seen(at).subscription)
                lost = transfers.Returns(at).note(self._moved(id_, transfer.of, at))
                self._move_between(self._holder(id_), transfer.of, at)
                self._write_down("move", at, by, id_, was, lost=lost)
            return told
        for each in self._written(transfer.of)[1]:
            if each.is_beside:
                self._readjust(each, by, at)
            elif each.before is not None:
                holder, back = self._holder(each.client or ""), self._back(each, at)
                was = _holding(holder.seen(at).subscription)
                lost = transfers.Returns(at).note(back)
                holder.grants = [each for each in holder.grants if each.grant.until != "reassigned"]
                holder.package = self._package(back.to_package)
                holder.revision = back.to_revision
                holder.assigned_at = datetime.fromisoformat(each.before["assigned_at"])
                extended_to = each.before.get("extended_to")
                holder.extended_to = extended_to and datetime.fromisoformat(extended_to)
                self._write_down("restore", at, by, holder.id, was, lost=lost)
        return told

    def events(self, *, limit: int | None = None) -> Iterator[Event]:
        found = sorted(self._world.events, key=lambda each: (each.at, each.id))
        yield from found if limit is None else found[-limit:]

    def _write_down(  # noqa: PLR0913 - what an event has
        self,
        kind: str,
        at: datetime,
        by: Author,
        client: str | None = None,
        before: Any = None,
        *,
        after: Any = None,
        part_of: str | None = None,
        package: str | None = None,
        run: int | None = None,
        lost: bool = False,
        told: Any = ...,
    ) -> Event:
        world = self._world
        if client is not None:
            held = world.holders[client].seen(at).subscription
            after, package = _holding(held) if told is ... else told, held.package
        number = None if client is None else world.number_of(client)
        id_ = f"{len(world.events):06}"
        names = by.name, by.on_behalf_of, by.reason
        made = Event(id_, at, kind, *names, part_of, number, client, package, before, after, lost, run=run)
        world.events.append(dataclasses.replace(made, digest=made.own_digest))
        return world.events[-1]

    def _seal(self, run: Run) -> Event:
        found = Seal()
        world = self._world
        previous = [each.digest for each in world.events if each.kind == "run"]
        for each in self.events():
            if each.run is None:
                found.add(each.digest)
        world.events = [
            dataclasses.replace(each, run=run.id) if each.run is None else each for each in world.events
        ]
        told = {"run": run.id, "sealed": found.events, "seal": found.digest}
        after = {**told, "previous": previous[-1] if previous else None}
        by = Author(run.actor, run.on_behalf_of, run.reason)
        return self._write_down("run", run.at, by, after=after, run=run.id)

    def _passed(self, assign: Bound | None, at: datetime) -> float:
        """How many may lose something."""
        holders = self.holder_count(at)
        recorded = self._world.guards
        bounds = [assign or 0, recorded.clients_losing if recorded else "unlimited"]
        shares = [holders * bound.percent // 100 for bound in bounds if isinstance(bound, Share)]
        numbers = [bound for bound in bounds if isinstance(bound, int)]
        return min([*shares, *numbers, inf])

    def add_client(self, line: ClientLine, at: datetime, *, by: Author = UNKNOWN) -> Client:
        require(naming.of_author(by))
        with self._all_or_nothing():
            if line.id in self._world.holders:
                raise BlockedError(f"client `{line.id}` exists")
            if line.package is not None:
                self._package(line.package)
            reason = self._take(line, at) or self._give(line, at)
            if reason:
                raise BlockedError("later than now" if reason == "start-in-future" else reason)
            holder = self._holder(line.id)
            cap = with_grants(holder.snapshot, holder.granted(at)).caps["user_count"]
            if cap != "unlimited" and holder.users > cap:
                raise BlockedError("too many users")
            self._write_down("add", at, by, line.id)
            return holder.seen(at)

    def update_client(self, stated: ClientUpdate, at: datetime, *, by: Author = UNKNOWN) -> Client:
        require([*naming.of_author(by), *naming.of_update(stated)])
        holder = self._holder(stated.id)
        before = {name: getattr(holder, name) for name in ("name", "owner_email", "status")}
        for name, was in before.items():
            setattr(holder, name, getattr(stated, name) or was)
        changed = [name for name, was in before.items() if was != getattr(holder, name)]
        if changed:
            self._note_update(holder, before["status"], changed, at, by)
        return holder.seen(at)

    def _note_update(  # noqa: PLR0913, PLR0917 - what an event has
        self,
        holder: Holder,
        was: str,
        changed: list[str],
        at: datetime,
        by: Author,
        part_of: str | None = None,
    ) -> None:
        named = [name for name in changed if name != "status"]
        told: dict[str, Any] = {"changed": named} if named else {}
        is_other = "status" in changed
        after = {**told, **({"status": holder.status} if is_other else {})}
        before = {"status": was} if is_other else {}
        self._write_down("update", at, by, holder.id, before, told=after, part_of=part_of)

    def forget_client(
        self, client_id: str, at: datetime, *, replaced_by: str | None = None, by: Author = UNKNOWN
    ) -> Forgotten:
        require([*naming.of_author(by), *naming.of_ids(replaced_by)])
        world, holder = self._world, self._holder(client_id)
        if replaced_by in world.holders:
            raise BlockedError("exists")
        gone: dict[str, Any] = {"replaced": replaced_by is not None}
        lost_at = None if replaced_by else self._last_loss(holder)
        gone |= {"lost_at": lost_at.isoformat()} if lost_at else {}
        self._write_down("forget", at, by, client_id, told=gone)
        del world.holders[client_id]
        world.events = [
            dataclasses.replace(each, client=replaced_by) if each.client == client_id else each
            for each in world.events
        ]
        email = normal_email(holder.owner_email)
        if replaced_by is not None:
            holder.id, holder.name, holder.owner_email = replaced_by, replaced_by, ""
            world.holders[replaced_by] = holder
        else:
            world.erased.append(holder)
        revisions = tuple(
            Mention(key, number)
            for key, package in sorted(world.packages.items())
            for number, revision in enumerate(package.revisions, 1)
            if email in (revision.allowed_emails or ())
        )
        runs = (run.id for run in world.runs if f"'{client_id}'" in repr(run.changes))
        return Forgotten(revisions, tuple(runs))

    def assign(self, client_id: str, package: str, at: datetime, *, by: Author = UNKNOWN) -> Client:
        require(naming.of_author(by))
        with self._all_or_nothing():
            holder, target = self._holder(client_id), self._package(package)
            reason = refusal(target, holder.owner_email)
            if reason:
                raise BlockedError(reason)
            was, snapshot = holder.seen(at), holder.snapshot
            self._begin(holder, target, at, at)
            after = holder.snapshot, holder.expires_at, holder.granted(at)
            moved = moving.Moved(was, snapshot, package, *after)
            lost = moving.Movements(at).note(moved)
            self._write_down("assign", at, by, client_id, _holding(was.subscription), lost=lost)
            return holder.seen(at)

    def foresee(self, client_id: str, package: str, at: datetime) -> Assignment:
        holder, target = self._holder(client_id), self._package(package)
        reason = refusal(target, holder.owner_email)
        if reason:
            raise BlockedError(reason)
        client = holder.seen(at)
        restarted = {meter: used for meter, used in client.usage.items() if self._is_per_cycle(holder, meter)}
        brought = prospect_anew(client, holder.snapshot, target.current, at, restarted)
        return Assignment(client, package, len(target.revisions), at, brought, restarted)

    def adjust(self, client_id: str, adjustment: Adjustment, at: datetime, *, by: Author = UNKNOWN) -> Client:
        require(naming.of_author(by))
        with self._all_or_nothing() as world:
            holder = self._holder(client_id)
            was = holder.seen(at)
            match adjustment:
                case Granting():
                    recipient = Recipient(was, holder.snapshot, world.catalog, at)
                    new = recipient.granted(adjustment, by, lambda: f"g{next(self._ids)}")
                    if isinstance(new, Refusal):
                        raise BlockedError(new.message)
                    numbers = (holder.cycle, holder.assignment, holder.revision)
                    holder.grants += [Given(each, *numbers) for each in new]
                    for each in new:
                        self._write_down("grant", at, by, client_id, told=_told(Given(each, *numbers)))
                case Revoking(id_):
                    if id_ not in {each.id for each in was.grants}:
                        raise WrongUsageError("no such grant")
                    (gone,) = (each for each in holder.grants if each.grant.id == id_)
                    holder.grants = [each for each in holder.grants if each is not gone]
                    lost = is_lessened(was, holder.seen(at))
                    self._write_down("revoke", at, by, client_id, _told(gone), lost=lost, told=None)
                case Extending(until):
                    if holder.expires_at is None or until <= max(holder.expires_at, at):
                        raise BlockedError("no extension")
                    before, holder.extended_to = _ends(holder), until
                    self._write_down("extend", at, by, client_id, before, told=_ends(holder))
            return holder.seen(at)

    def foresee_adjustment(self, client_id: str, adjustment: Adjustment, at: datetime) -> Adjusted:
        before, world = self.client(client_id, at), deepcopy(self._world)
        try:
            return Adjusted(before, self.adjust(client_id, adjustment, at))
        finally:
            self._world = world

    def expiring(self, at: datetime, until: datetime) -> Iterator[Client]:
        ends = ((each.expires_at, each.id) for each in self._world.holders.values() if each.is_active(at))
        for _, id_ in sorted((end, id_) for end, id_ in ends if end is not None and end <= until):
            yield self.client(id_, at)

    def record_usage(self, client_id: str, meter: str, amount: int, at: datetime) -> int:
        holder = self._holder(client_id)
        total = holder.usage.get(meter, 0) + amount
        if amount < 0 <= total:
            holder.usage[meter] = total
            return total
        cap = self._cap(holder.seen(at), meter)
        if total < 0 or cap is None or total > cap:
            raise BlockedError(f"{meter} is not granted, or not that much")
        holder.usage[meter] = total
        return total

    def set_users(self, client_id: str, users: int, at: datetime) -> Client:
        holder = self._holder(client_id)
        cap = holder.seen(at).entitlements.caps.get("user_count", 0)
        if users < 0:
            raise WrongUsageError("negative users")
        if users > holder.users and cap != "unlimited" and users > cap:
            raise BlockedError("too many users")
        holder.users = users
        return holder.seen(at)

    def edit_package(
        self,
        key: str,
        definition: Definition,
        at: datetime,
        *,
        archived: bool = False,
        by: Author = UNKNOWN,
    ) -> PackageHead:
        require(naming.of_author(by))
        with self._all_or_nothing() as world:
            known = world.packages.get(key)
            is_managed = known is not None and known.managed
            before = known and dataclasses.asdict(state(known))
            written = {key: Before(key, known.current, known.archived)} if known else {}
            self._write(key, definition, at, archived=archived, managed=is_managed)
            self._require_distinct_titles({key})
            Verdicts(world, (world.guards,) if world.guards else (), at).judge_writes(written)
            head = world.packages[key].head
            after = {"revision": head.revision, "archived": head.archived, "managed": head.managed}
            self._write_down("edit", at, by, None, before, after=after, package=key)
            return head

    def start_cycle(self, client_id: str, at: datetime) -> Client:
        holder = self._holder(client_id)
        self._empty_cycle(holder, at)
        return holder.seen(at)

    @contextmanager
    def _all_or_nothing(self) -> Iterator[World]:
        before = deepcopy(self._world)
        try:
            yield self._world
        except BaseException:
            self._world = before
            raise

    def _holder(self, client_id: str) -> Holder:
        if client_id not in self._world.holders:
            near = get_close_matches(client_id, self._world.holders)
            raise WrongUsageError(f"there is no client `{client_id}`", hint=f"Did you mean {near}?")
        return self._world.holders[client_id]

    def _package(self, key: str) -> Package:
        if key not in self._world.packages:
            near = get_close_matches(key, self._world.packages)
            raise WrongUsageError(f"there is no package `{key}`", hint=f"Did you mean {near}?")
        return self._world.packages[key]

    def _take(self, line: ClientLine, at: datetime) -> str:
        """Take one line; return what is wrong with it, or nothing."""
        holder = self._world.holders.get(line.id)
        if holder is None:
            return self._take_new(line, at)
        owner = holder.owner_email if line.owner_email is None else line.owner_email
        if line.package not in {None, holder.package.key}:
            target = self._world.packages.get(line.package or "")
            reason = refusal(target, owner) or _too_late(line, at)
            if target is None or reason:
                return reason
            self._begin(holder, target, line.assigned_at or at, at)
        elif reason := _too_late(line, at):
            return reason
        holder.assigned_at = line.assigned_at or holder.assigned_at
        holder.owner_email = owner
        holder.name = holder.name if line.name is None else line.name
        holder.status = line.status or holder.status
        holder.users = holder.users if line.users is None else line.users
        holder.usage |= line.usage or {}
        return ""

    def _give(self, line: ClientLine, at: datetime) -> str:
        holder = self._world.holders[line.id]
        recipient = Recipient(holder.seen(at), holder.snapshot, self._world.catalog, at)
        new = recipient.granted_anew(line.grants, UNKNOWN, lambda: f"g{next(self._ids)}")
        if isinstance(new, Refusal):
            return new.rule
        holder.grants += [Given(each, holder.cycle, holder.assignment, holder.revision) for each in new]
        for _ in new:
            self._write_down("grant", at, UNKNOWN, line.id)
        return ""

    def _take_new(self, line: ClientLine, at: datetime) -> str:
        if line.name is None or line.owner_email is None or line.package is None:
            return "missing-key"
        target = self._world.packages.get(line.package)
        reason = refusal(target, line.owner_email) or _too_late(line, at)
        if target is None or reason:
            return reason
        self._world.holders[line.id] = Holder(
            line.id,
            line.name,
            line.owner_email,
            line.status or "active",
            line.users or 0,
            target,
            len(target.revisions),
            line.assigned_at or at,
            dict(line.usage or {}),
        )
        return ""

    def _begin(self, holder: Holder, target: Package, start: datetime, at: datetime) -> None:
        self._empty_cycle(holder, at)
        holder.package, holder.revision, holder.assigned_at = target, len(target.revisions), start
        holder.assignment += 1
        holder.extended_to = None

    def _empty_cycle(self, holder: Holder, at: datetime) -> None:
        spent = spent_in_cycle(holder.granted(at), holder.usage, holder.snapshot)
        for each in holder.grants:
            each.grant = dataclasses.replace(each.grant, spent=spent.get(each.grant.id, each.grant.spent))
        holder.cycle += 1
        for meter in list(holder.usage):
            if self._is_per_cycle(holder, meter):
                del holder.usage[meter]

    def _is_per_cycle(self, holder: Holder, meter: str) -> bool:
        catalog = self._world.catalog or Catalog()
        if meter in catalog.limits:
            return catalog.limits[meter].per == "cycle"
        is_held = meter in holder.snapshot.features and meter not in holder.snapshot.limits
        return meter == "ai_credits" or meter in catalog.features or is_held

    def _cap(self, client: Client, meter: str) -> float | None:
        granted = client.entitlements
        catalog = self._world.catalog or Catalog()
        if meter == "ai_credits":
            quantity = granted.caps.get("ai_credits")
        elif meter in granted.limits:
            quantity = granted.limits[meter]
        elif meter in granted.features and meter not in catalog.limits:
            quantity = "unlimited"
        else:
            quantity = None
        return float(2**53 - 1) if quantity == "unlimited" else quantity

    def _require_unmoved(self, change_set: ChangeSet) -> None:
        packages = self._world.packages
        if len({write.key for write in change_set.writes}) < len(change_set.writes):
            raise InvalidError("a package is written twice")
        freed = {write.renamed_from for write in change_set.writes if isinstance(write, PackageWrite)}
        self._require_expected_settings(change_set)
        for write in change_set.writes:
            before = write.renamed_from if isinstance(write, PackageWrite) else None
            known = packages.get(before or write.key)
            if write.expected_version is None and (known is None or write.key in freed):
                continue
            if known is None or known.version != write.expected_version:
                raise StaleError(f"package `{write.key}` moved")
            if before and write.key in packages and write.key not in freed:
                raise StaleError(f"package `{write.key}` exists")
        for move in change_set.moves:
            known = packages.get(move.who.package)
            version = None if known is None else known.version
            if move.expected_version not in {None, version}:
                raise StaleError(f"package `{move.who.package}` moved")

    def _require_expected_settings(self, change_set: ChangeSet) -> None:
        live = self._world.catalog or Catalog()
        for kind in ("features", "limits"):
            known, new = getattr(change_set.expected_catalog, kind), getattr(change_set.catalog, kind)
            for key in known.keys() | new.keys():
                if known.get(key) != new.get(key) and known.get(key) != getattr(live, kind).get(key):
                    raise StaleError(f"{key} of the catalog was changed")
        if change_set.guards is not None and self._world.guards != change_set.expected_guards:
            raise StaleError("the guards were changed")

    def _merged(self, change_set: ChangeSet) -> Catalog | None:
        gone, new, live = change_set.expected_catalog, change_set.catalog, self._world.catalog
        if gone == new:
            return live
        live = live or Catalog()
        features = {key: each for key, each in live.features.items() if key not in gone.features}
        limits = {key: each for key, each in live.limits.items() if key not in gone.limits}
        merged = Catalog({**features, **new.features}, {**limits, **new.limits})
        for limit in new.limits.values():
            if limit.feature is not None and limit.feature not in merged.features:
                raise BlockedError(f"the catalog has no feature {limit.feature}")
        return Catalog.normalised(merged.as_document())

    def _require_offered(self, former: Catalog | None) -> None:
        after, before = self._world.catalog or Catalog(), former or Catalog()
        for package in self._world.packages.values():
            granted = package.current
            lost = {key for key in granted.features if key in before.features and key not in after.features}
            lost |= {key for key in granted.limits if key in before.limits and key not in after.limits}
            if lost and not package.archived:
                raise BlockedError(f"{package.key} needs {lost}")

    def _require_planned_consequences(self, change_set: ChangeSet) -> None:
        for expectation in change_set.expectations:
            answers = self.answers(expectation.questions, change_set.at, sample=0)
            count = sum(answer.count for answer in answers)
            if count > expectation.at_most:
                raise StaleError(f"{expectation.what}: {count} now")

    def _write_all(self, change_set: ChangeSet) -> Run:
        world = self._world
        before = {key: state(package) for key, package in world.packages.items()}
        origins = {write.key: write.origin for write in change_set.writes}
        planned_on = [write.origin for write in change_set.writes if write.expected_version is not None]
        existed = {key: before[key] for key in planned_on}
        taken = {old: world.packages.pop(old) for key, old in origins.items() if old != key}
        for write in change_set.writes:
            old = origins[write.key]
            if old in taken and old != write.key:
                world.packages[write.key] = taken[old]
                taken[old].key = write.key
            match write:
                case PackageWrite():
                    at = change_set.at
                    is_managed = write.managed
                    self._write(write.key, write.definition, at, archived=write.archived, managed=is_managed)
                case ArchiveWrite():
                    self._archive(world.packages[write.key])
            if isinstance(write, ArchiveWrite) or write.managed:
                world.packages[write.key].note_apply()
        self._require_distinct_titles(set(origins))
        return Run(
            len(world.runs) + 1,
            change_set.plan_hash,
            change_set.at,
            change_set.actor,
            change_set.environment,
            change_set.on_behalf_of,
            change_set.commit,
            change_set.allowed,
            tuple(told(change_set, existed)),
            existed,
            {key: state(world.packages[key]) for key in origins},
            {key: old for key, old in origins.items() if old != key},
            reason=change_set.reason,
        )

    def _write(
        self, key: str, definition: Definition, at: datetime, *, archived: bool, managed: bool
    ) -> None:
        if not archived:
            self._require_definable(definition)
        known = self._world.packages.get(key)
        if known is None:
            self._world.packages[key] = Package(key, [definition], archived, managed, [at])
            return
        if known.current != definition:
            known.revisions.append(definition)
            known.minted.append(at)
            known.stepped_at = None
        known.archived, known.managed = archived, managed
        known.version += 1

    def _archive(self, package: Package) -> None:
        if not package.managed:
            raise BlockedError(f"package `{package.key}` was made by hand")
        package.archived = True
        package.version += 1

    def _require_definable(self, definition: Definition) -> None:
        if definition.allowed_emails == ():
            raise BlockedError("nobody could have it")
        if definition.caps.get("ai_credits") is not None and self._world.catalog is not None:
            known = self._world.catalog.features
            if not any(known[key].ai for key in definition.features if key in known):
                raise BlockedError("AI credits without an AI feature")

    def _require_distinct_titles(self, written: set[str]) -> None:
        titles: dict[str, list[str]] = {}
        for package in self._world.packages.values():
            if not package.archived:
                titles.setdefault(package.current.title.casefold(), []).append(package.key)
        for keys in titles.values():
            if len(keys) > 1 and written & set(keys):
                raise BlockedError(f"packages {keys} would have the same title")

    def _move(self, move: Move, at: datetime) -> int:
        package = self._world.packages.get(move.who.package)
        target = move.to_revision or (0 if package is None else len(package.revisions))
        if package is None or target > len(package.revisions):
            raise StaleError(f"`{move.who.package}` has no revision {target}")
        if move.pace is not None and move.pace.waits_for(package.stepped_at, at):
            raise StaleError(f"`{package.key}` moves nobody yet")
        if package.archived and target == len(package.revisions):
            raise BlockedError(f"package `{package.key}` is archived")
        matching = [self._holder(client_id) for client_id in self.matching(move.who, at)]
        movers = [holder for holder in matching if holder.revision != target]
        emails = package.revisions[target - 1].allowed_emails
        is_gated = target == len(package.revisions) and emails is not None
        if is_gated and any(normal_email(mover.owner_email) not in (emails or ()) for mover in movers):
            raise BlockedError("not allowed")
        if move.at_most is not None and len(movers) > move.at_most:
            raise StaleError(f"{len(movers)} clients would move")
        for mover in movers:
            number = len(self._world.runs) + 1
            after = package.revisions[target - 1]
            moved = world.Moved(
                number,
                package,
                mover.revision,
                target,
                mover.assigned_at,
                world.spared_by(mover, after, at, move.to_revision),
                world.loses_with_grants(mover, after, at, move.to_revision),
            )
            mover.moved.append(moved)
            mover.revision = target
            if move.to_revision is None:
                mover.grants = [each for each in mover.grants if not each.was_given_on(target)]
        if move.pace is not None and movers:
            package.stepped_at = at
        return len(movers)


def _is_listed(holder: Holder, only: ClientFilter, at: datetime) -> bool:
    granted = {*holder.snapshot.features, *holder.snapshot.amounts}
    used = holder.users if only.uses == "user_count" else holder.usage.get(only.uses or "", 0)
    return (
        only.status in {None, holder.status}
        and (only.after is None or holder.id > only.after)
        and (only.holds is None or only.holds in granted)
        and (only.uses is None or used > 0)
        and (not only.granted or bool(holder.granted(at)))
    )


def _holding(held: Subscription) -> dict[str, Any]:
    return {
        "package": held.package,
        "revision": held.revision,
        "assigned_at": held.assigned_at.isoformat(),
        "expires_at": held.expires_at and held.expires_at.isoformat(),
        **({"extended_to": held.extended_to.isoformat()} if held.extended_to else {}),
    }


def _rule(reason: str) -> str:
    return reason if reason.startswith("grant-") else f"client-{reason}"


def _takes_from_any(world: World, entry: Stated, before: Definition, after: Definition) -> bool:
    """Whether somebody could lose it, whenever the subscription began and whatever features are granted."""
    kept = [f"features/{key}" for key in before.features]
    kept = [each for each in kept if each != entry.term]
    return any(takes(world, entry, (before, after), start, start, kept) for start in STARTS)


def _too_late(line: ClientLine, now: datetime) -> str:
    return "" if line.assigned_at is None or line.assigned_at <= now else "start-in-future"


def _told(given: Given) -> dict[str, Any]:
    until = given.grant.until
    ends = until if isinstance(until, str) else until.isoformat()
    numbers = {"cycle": given.cycle, "assignment": given.assignment, "revision": given.revision}
    stated = {**dataclasses.asdict(given.grant), "granted_at": given.grant.granted_at.isoformat()}
    return {**stated, "until": ends, **numbers}


def _given(told: Mapping[str, Any]) -> Given:
    stated = dict(told)
    numbers = [stated.pop(name) for name in ("cycle", "assignment", "revision")]
    until = stated["until"]
    ends = until if until in OCCASIONS else datetime.fromisoformat(until)
    granted_at = datetime.fromisoformat(stated["granted_at"])
    return Given(Grant(**{**stated, "until": ends, "granted_at": granted_at}), *numbers)


def _ends(holder: Holder) -> dict[str, Any]:
    sides = (("extended_to", holder.extended_to), ("expires_at", holder.expires_at))
    return {name: None if at is None else at.isoformat() for name, at in sides}
