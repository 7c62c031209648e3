"""The port over a product and a store: what the product shows is taken over before anything is answered."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from msgspec.structs import replace

from reconciler.errors import BlockedError, PartialError, ReconcilerError, StaleError, UnreachableError
from reconciler.live.beside import journal, mirror
from reconciler.live.beside.product import Package
from reconciler.live.embedded import EmbeddedPlatform, apply, lookup
from reconciler.live.embedded.retry import retried
from reconciler.model.capabilities import Capabilities
from reconciler.model.changesets import ArchiveWrite
from reconciler.model.clients import EVERYBODY
from reconciler.model.english import agreed, counted
from reconciler.model.events import UNKNOWN
from reconciler.model.plans import RunUndone
from reconciler.model.questions import AnyOf, UsesMoreThan
from reconciler.planning.ability import require_able
from reconciler.store import runs, subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.beside.product import Product, Seen
    from reconciler.live.port import PlatformReader
    from reconciler.model.changesets import ChangeSet, PackageWrite, Run
    from reconciler.model.clients import (
        Client,
        ClientFilter,
        ClientLine,
        ClientUpdate,
        Forgotten,
        ImportReport,
    )
    from reconciler.model.events import Author
    from reconciler.model.grants import Adjustment
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import PlatformIdentity
    from reconciler.model.prospects import Adjusted
    from reconciler.model.questions import Answer, ClientQuestion, Condition, Tally
    from reconciler.model.settings import Bound
    from reconciler.model.transfers import TransferAim, Transfers
    from reconciler.store.database import Database


P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


def _looked(
    asked: Callable[Concatenate[BesidePlatform, P], R],
) -> Callable[Concatenate[BesidePlatform, P], R]:
    """Have what the product shows taken over before a question is answered from the store."""

    @wraps(asked)
    def answered(self: BesidePlatform, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not self.database.is_joined:
            self.look()
        return asked(self, *args, **kwargs)

    return answered


class BesidePlatform(EmbeddedPlatform):
    """Implements `Platform`."""

    def __init__(self, product: Product, store: Database, clock: Callable[[], datetime]) -> None:
        super().__init__(store)
        self._product = product
        self._clock = clock
        self._able = Capabilities(
            snapshots=product.snapshots,
            change_sets=False,
            usage=False,
            expiry=False,
            allowed_emails=False,
            grants=False,
            records=False,
        )

    def identity(self) -> PlatformIdentity:
        """See `PlatformReader`; the lineage is the store's."""
        ours = super().identity()
        return ours.model_copy(update={"kind": self._product.kind, "capabilities": self._able})

    @retried
    def look(self) -> Seen:
        """Take over what the product shows, and first of all what an apply that was cut off has done."""
        seen, at = self._product.seen(), self._clock()
        with self.database.joined() as connection:
            unfinished = self._settle(connection, seen)
            mirror.take(connection, seen, at, self._product.kind, unfinished)
        return seen

    state_token = _looked(EmbeddedPlatform.state_token)
    packages = _looked(EmbeddedPlatform.packages)
    package = _looked(EmbeddedPlatform.package)
    client_history = _looked(EmbeddedPlatform.client_history)
    package_history = _looked(EmbeddedPlatform.package_history)
    foresee = _looked(EmbeddedPlatform.foresee)
    runs = _looked(EmbeddedPlatform.runs)
    run_of_plan = _looked(EmbeddedPlatform.run_of_plan)
    events = _looked(EmbeddedPlatform.events)

    @_looked
    def client(self, client_id: str, at: datetime) -> Client:
        """See `PlatformReader`."""
        return self._dated(super().client(client_id, at))

    @_looked
    def clients(
        self,
        at: datetime,
        *,
        package: str | None = None,
        outdated: bool = False,
        only: ClientFilter = EVERYBODY,
    ) -> Iterator[Client]:
        """See `PlatformReader`."""
        return map(self._dated, super().clients(at, package=package, outdated=outdated, only=only))

    def _dated(self, client: Client) -> Client:
        """Return the client as one whose billing period nobody tells."""
        return replace(client, from_next_period=self._able.snapshots == "period")

    def at_one_instant(self, read: Callable[[PlatformReader], T]) -> T:
        """See `PlatformReader`; of the product all is as it was shown at the beginning."""
        self.look()
        return super().at_one_instant(read)

    def answers(
        self, questions_: Sequence[ClientQuestion], at: datetime, *, sample: int
    ) -> tuple[Answer, ...]:
        """See `PlatformReader`; what nobody meters is not known."""
        found = super().answers(questions_, at, sample=sample)
        return tuple(
            dataclasses.replace(answer, complete=not any(map(_is_of_use, question.conditions)))
            for question, answer in zip(questions_, found, strict=True)
        )

    def consumption(self, package: str, meter: str, at: datetime) -> Iterator[Tally]:
        """See `PlatformReader`; nothing is metered."""
        del package, meter, at
        return iter(())

    @retried
    def apply(self, change_set: ChangeSet) -> Run:
        """See `Platform`; changes are made one by one, in their order.

        Raises:
            PartialError: One failed after others were made; the run records those.
            UnreachableError: The product did not answer; where writes had begun, the message says so.
        """
        for write in change_set.writes:
            if not isinstance(write, ArchiveWrite):
                self._require_able(write.key, write.definition)
        if change_set.transfer is not None:
            self._require_no_transfer(change_set.transfer.of)
        writes = journal.in_turn(change_set)
        before = self.look()
        earlier = super().run_of_plan(change_set.plan_hash)
        if earlier is not None:
            return self._whole(change_set, earlier)
        self._rehearse(change_set)
        with self.database.writing() as connection:
            journal.begin(connection, change_set)
        failure = self._made_alone(change_set, writes, before)
        try:
            run = self.run_of_plan(change_set.plan_hash)
            is_untouched = run is None and self._product.seen() == before
        except UnreachableError as error:
            raise _unknown(change_set, error) from error
        if failure is not None and is_untouched:
            raise failure
        return self._whole(change_set, run, failure)

    @_looked
    def foresee_transfers(self, of: TransferAim, at: datetime) -> Transfers:
        """See `PlatformReader`; without snapshots only a run is taken back, of which no client is a part."""
        self._require_no_transfer(of)
        return super().foresee_transfers(of, at)

    def _require_no_transfer(self, of: TransferAim) -> None:
        if not isinstance(of, RunUndone):
            raise BlockedError(
                f"a platform of the kind {self._product.kind} keeps no snapshots: what a hand did is not "
                "taken back there, and clients are not moved together",
                hint="`clients assign` gives a client another package, or the one that it had.",
            )

    def import_clients(
        self,
        lines: Iterable[ClientLine],
        at: datetime,
        *,
        assign: Bound | None = None,
        by: Author = UNKNOWN,
    ) -> ImportReport:
        """See `Platform`; held in memory."""
        found = tuple(lines)
        for line in found:
            self._require_plain(line)
        return self._imported(found, at, assign, by)

    @retried
    def _imported(
        self, lines: tuple[ClientLine, ...], at: datetime, assign: Bound | None, by: Author
    ) -> ImportReport:
        with self._placing({line.id for line in lines}, at):
            return super().import_clients(lines, at, assign=assign, by=by)

    @retried
    def add_client(self, line: ClientLine, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        self._require_plain(line)
        with self._placing({line.id}, at):
            return super().add_client(line, at, by=by)

    @retried
    def update_client(self, stated: ClientUpdate, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        with self._placing({stated.id}, at):
            return self._dated(super().update_client(stated, at, by=by))

    @retried
    def forget_client(
        self, client_id: str, at: datetime, *, replaced_by: str | None = None, by: Author = UNKNOWN
    ) -> Forgotten:
        """See `Platform`; the product names it no more."""
        with self._placing({replaced_by} if replaced_by else (), at, gone=client_id):
            return super().forget_client(client_id, at, replaced_by=replaced_by, by=by)

    @retried
    def assign(self, client_id: str, package: str, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        with self._placing({client_id}, at):
            return super().assign(client_id, package, at, by=by)

    @retried
    def edit_package(
        self,
        key: str,
        definition: Definition,
        at: datetime,
        *,
        archived: bool = False,
        by: Author = UNKNOWN,
    ) -> PackageHead:
        """See `Platform`; it reaches all who hold the package."""
        self._require_able(key, definition)
        self.look()
        with self.database.joined() as connection:
            head = super().edit_package(key, definition, at, archived=archived, by=by)
            mirror.follow(connection, head, at, by)
            self._product.write(key, Package(definition, archived))
        return head

    def adjust(self, client_id: str, adjustment: Adjustment, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`; refused."""
        del client_id, adjustment, at, by
        raise self._ungranted()

    def foresee_adjustment(self, client_id: str, adjustment: Adjustment, at: datetime) -> Adjusted:
        """See `Platform`; refused."""
        del client_id, adjustment, at
        raise self._ungranted()

    def record_usage(self, client_id: str, meter: str, amount: int, at: datetime) -> int:
        """See `Platform`; refused."""
        del client_id, meter, amount, at
        raise self._unmetered()

    def set_users(self, client_id: str, users: int, at: datetime) -> Client:
        """See `Platform`; refused."""
        del client_id, users, at
        raise self._unmetered()

    def start_cycle(self, client_id: str, at: datetime) -> Client:
        """See `Platform`; refused."""
        del client_id, at
        raise self._unmetered()

    def _unmetered(self) -> BlockedError:
        return BlockedError(
            f"a platform of the kind {self._product.kind} meters no usage",
            hint="Count it in your own product.",
        )

    def _ungranted(self) -> BlockedError:
        return BlockedError(
            f"a platform of the kind {self._product.kind} gives nobody anything beside its package",
            hint="Make a package that has it, and assign that.",
        )

    def _require_plain(self, line: ClientLine) -> None:
        """Refuse a line that states what the product has no place for."""
        if line.usage:
            raise self._unmetered()
        if line.grants:
            raise self._ungranted()

    def _require_able(self, key: str, definition: Definition) -> None:
        require_able(self._product.kind, self._able, key, definition)

    @contextmanager
    def _placing(
        self, client_ids: Collection[str], at: datetime, *, gone: str | None = None
    ) -> Iterator[None]:
        """Have the product give these clients what the block makes them hold, and one no more."""
        self.look()
        with self.database.joined() as connection:
            yield
            found = (lookup.view(connection, each, at) for each in sorted(client_ids))
            held = {each.id: each.subscription.package if each.status == "active" else None for each in found}
            self._product.place(held if gone is None else {**held, gone: None})

    def _rehearse(self, change_set: ChangeSet) -> None:
        """Raise what keeps the change set from being applied, before anything of it is made."""
        with self.database.joined() as connection:
            trial = connection.begin_nested()
            self._record(connection, change_set)
            trial.rollback()

    def _record(self, connection: Connection, change_set: ChangeSet, left: Collection[str] = ()) -> None:
        run = apply.apply(connection, change_set, reaches_everybody=True)
        runs.leave_unfinished(connection, run.id, left)
        subscriptions.follow(connection, [write.key for write in change_set.writes])

    def _made_alone(
        self, change_set: ChangeSet, writes: Iterable[PackageWrite | ArchiveWrite], before: Seen
    ) -> ReconcilerError | None:
        """Change the product while whoever looks at it waits; return what went wrong."""
        with self.database.writing() as connection:
            journal.hold(connection, change_set)
            return self._make(writes, before)

    def _make(self, writes: Iterable[PackageWrite | ArchiveWrite], before: Seen) -> ReconcilerError | None:
        """Change the product, one package after the other; return what went wrong."""
        try:
            for write in writes:
                if write.expected_version is None or not journal.is_done(write, before):
                    self._product.write(
                        write.key,
                        _wanted(write, before),
                        renamed_from=write.origin if write.origin != write.key else None,
                    )
        except ReconcilerError as error:
            return error
        return None

    def _settle(self, connection: Connection, seen: Seen) -> Collection[str]:
        """Record what was made of what was begun, and return what may be half done.

        What can no longer be recorded so, since others wrote meanwhile, counts as made by hand.
        """
        begun = journal.pending(connection)
        if begun is None:
            return ()
        done = journal.done_of(begun, seen)
        left = {write.key for write in begun.writes} - {write.key for write in done.writes}
        if done.writes or done is begun:
            with suppress(StaleError, BlockedError), connection.begin_nested():
                self._record(connection, done, left)
        journal.end(connection)
        return left

    def _whole(self, change_set: ChangeSet, run: Run | None, failure: ReconcilerError | None = None) -> Run:
        """Return the run that did all of it; raises `PartialError` where it did not."""
        if run is not None and not run.unfinished:
            return run
        done = len(run.after) if run else 0
        where = f"Run {run.id} records what was done. " if run else ""
        why = failure.message if failure else f"{self._product.kind} shows something else than was written"
        raise PartialError(
            f"{_share(done, change_set.writes)} changed as a whole: {why}",
            hint=f"{where}Plan again: the plan has what is left.",
        ) from failure


def _share(done: int, writes: Sequence[PackageWrite | ArchiveWrite]) -> str:
    if len(writes) == 1:
        return f"package `{writes[0].key}` was not"
    changed = f"only {done}" if done else "none"
    return f"{changed} of {counted(len(writes), 'package')} {agreed(done or 1, 'was', 'were')}"


def _unknown(change_set: ChangeSet, error: UnreachableError) -> UnreachableError:
    """Say that a product was left in the middle of an apply which does not show what was done."""
    some = counted(len(change_set.writes), "package")
    return UnreachableError(
        f"{error.message}; it may have some of the changes to {some}",
        hint="Plan again once it answers: the plan has what is left.",
    )


def _wanted(write: PackageWrite | ArchiveWrite, before: Seen) -> Package:
    if isinstance(write, ArchiveWrite):
        return replace(before.packages[write.key], archived=True)
    return Package(write.definition, write.archived)


def _is_of_use(condition: Condition) -> bool:
    match condition:
        case UsesMoreThan():
            return True
        case AnyOf(alternatives):
            return any(isinstance(each, UsesMoreThan) for each in alternatives)
        case _:
            return False
