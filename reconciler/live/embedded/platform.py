"""The embedded platform: the port over a database in this process."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from reconciler.errors import (
    ContentionError,
    KeyReusedError,
    UnreachableError,
    WrongUsageError,
)
from reconciler.live import naming
from reconciler.live.embedded import (
    adjusting,
    apply,
    assignments,
    client_imports,
    editing,
    history,
    lookup,
    losses,
    persons,
    transfers,
)
from reconciler.live.embedded.rereading import Rereadable
from reconciler.live.embedded.retry import retried
from reconciler.live.port import Pool
from reconciler.model.clients import EVERYBODY
from reconciler.model.events import UNKNOWN
from reconciler.model.forms import HASH, KEY, PACKAGE_KEY, require
from reconciler.model.plans import PlatformIdentity
from reconciler.store import (
    events,
    grants,
    idempotency,
    imports,
    meta,
    moves,
    outdated,
    packages,
    questions,
    runs,
    subscriptions,
    usage,
)
from reconciler.store.dialects import MOST_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import ChangeSet, Moved, Parked, Run
    from reconciler.model.clients import (
        Client,
        ClientFilter,
        ClientLine,
        ClientUpdate,
        Entitlements,
        Forgotten,
        ImportReport,
    )
    from reconciler.model.events import Author, Event
    from reconciler.model.grants import Adjustment
    from reconciler.model.history import HistoryEntry
    from reconciler.model.idempotency import KeyedRequest
    from reconciler.model.losses import InForce, Lost
    from reconciler.model.packages import Definition, PackageHead, RevisionRef
    from reconciler.model.plans import Outdated
    from reconciler.model.prospects import Adjusted, Assignment
    from reconciler.model.questions import Answer, ClientQuestion, Tally
    from reconciler.model.settings import Bound, Guards
    from reconciler.model.transfers import TransferAim, Transfers
    from reconciler.store.database import Database

T = TypeVar("T")

_FORGETS_EVERY: Final = timedelta(hours=1)


class EmbeddedPlatform:
    """Implements `ServedPlatform`; every method is one transaction.

    Args:
        floor: Guards that hold beside those of applies, whatever these say.
    """

    def __init__(self, database: Database, floor: Guards | None = None) -> None:
        self.database = database
        self._floor = floor
        self._forgets_again = datetime.min.replace(tzinfo=UTC)

    @property
    def where(self) -> str:
        """See `ServedPlatform`."""
        return self.database.where

    def pool(self) -> Pool:
        """See `ServedPlatform`."""
        return Pool(self.database.in_use, MOST_CONNECTIONS)

    def identity(self) -> PlatformIdentity:
        """See `PlatformReader`."""
        self.database.require_fit()
        with self.database.looking() as connection:
            lineage = meta.lineage(connection)
        if lineage is None:
            raise UnreachableError(
                f"{self.database.where} has no lineage", hint="Restore the file from a backup."
            )
        return PlatformIdentity(kind=self.database.kind, lineage=lineage)

    def catalog(self) -> Catalog | None:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return meta.catalog(connection)

    def guards(self) -> Guards | None:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return meta.guards(connection)

    def parked(self) -> tuple[Parked, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return meta.parked(connection)

    def state_token(self) -> str:
        """See `HasStateToken`."""
        with self.database.reading() as connection:
            return meta.state_token(connection)

    def packages(self) -> tuple[PackageHead, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return packages.heads(connection)

    def package(self, key: str) -> PackageHead | None:
        """See `PlatformReader`."""
        if PACKAGE_KEY.fault(key):
            return None
        with self.database.looking() as connection:
            found = packages.stored(connection, [key]).get(key)
        return None if found is None else found.head

    def definitions(self, wanted: Collection[RevisionRef]) -> Mapping[RevisionRef, Definition]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return packages.definitions(connection, wanted)

    def holdings(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[int, int]]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return subscriptions.holdings(connection, keys, at)

    def suspended(self, keys: Collection[str], at: datetime) -> Mapping[str, int]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return subscriptions.suspended(connection, keys, at)

    def granted_terms(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[str, bool]]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return grants.terms(connection, keys, at)

    def outdated(self, at: datetime) -> tuple[Outdated, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return outdated.counts(connection, at)

    def acknowledged(self, at: datetime) -> tuple[InForce, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return losses.in_force(connection, at)

    def lost_since(self, since: datetime) -> Lost:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return losses.lost_since(connection, since)

    def holder_count(self, at: datetime) -> int:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return subscriptions.holder_count(connection, at)

    def answers(
        self, questions_: Sequence[ClientQuestion], at: datetime, *, sample: int
    ) -> tuple[Answer, ...]:
        """See `PlatformReader`."""
        for question in questions_:
            require(naming.of_readable(question))
        with self.database.reading() as connection:
            lost = losses.known_to_questions(connection, questions_, at)
            return questions.answers(connection, questions_, at, sample=sample, lost=lost)

    def matching(self, question: ClientQuestion, at: datetime) -> Iterator[str]:
        """See `PlatformReader`; the stream is one transaction, open until it ends or is closed."""
        require(naming.of_readable(question))
        with self.database.reading() as connection:
            lost = losses.known_to_questions(connection, [question], at)
            yield from questions.matching(connection, question, at, lost)

    def nth_matching(self, question: ClientQuestion, n: int, at: datetime) -> str | None:
        """See `PlatformReader`."""
        require(naming.of_readable(question))
        with self.database.reading() as connection:
            lost = losses.known_to_questions(connection, [question], at)
            return questions.nth_matching(connection, question, n, at, lost)

    def consumption(self, package: str, meter: str, at: datetime) -> Iterator[Tally]:
        """See `PlatformReader`; the stream is one transaction, open until it ends or is closed."""
        require([(PACKAGE_KEY, package), (KEY, meter)])
        with self.database.reading() as connection:
            held = packages.stored(connection, {package}).get(package)
            if held is not None:
                yield from usage.tallies(connection, held.id, meter, at)

    def client(self, client_id: str, at: datetime) -> Client:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return lookup.view(connection, client_id, at)

    def entitlements(
        self, asked: Collection[tuple[str, datetime]]
    ) -> Mapping[tuple[str, datetime], Entitlements]:
        """See `ServedPlatform`."""
        with self.database.looking() as connection:
            return lookup.entitlements(connection, asked)

    def snapshot(self, client_id: str) -> Definition:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return lookup.held(connection, lookup.client(connection, client_id))

    def clients(
        self,
        at: datetime,
        *,
        package: str | None = None,
        outdated: bool = False,
        only: ClientFilter = EVERYBODY,
    ) -> Iterator[Client]:
        """See `PlatformReader`; raises `WrongUsageError` where there is no such package."""
        require(naming.of_readable(only))
        with self.database.reading() as connection:
            held = None if package is None else lookup.package(connection, package).id
            yield from lookup.stream(connection, at, package_id=held, outdated=outdated, only=only)

    def expiring(self, at: datetime, until: datetime) -> Iterator[Client]:
        """See `PlatformReader`; the stream is one transaction, open until it ends or is closed."""
        with self.database.reading() as connection:
            yield from lookup.expiring(connection, at, until)

    def runs(self, *, limit: int = 50, before: int | None = None, brief: bool = False) -> tuple[Run, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return runs.latest(connection, limit, before, brief=brief)

    def run(self, run_id: int) -> Run:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            found = runs.by_id(connection, run_id)
        if found is None:
            raise WrongUsageError(f"there is no run {run_id}", hint="`history` lists the runs.")
        return found

    def moved_by(self, run_id: int) -> tuple[Moved, ...]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            return moves.of_run(connection, run_id)

    def run_of_plan(self, plan_hash: str) -> Run | None:
        """See `PlatformReader`."""
        require([(HASH, plan_hash)])
        with self.database.reading() as connection:
            return runs.of_plan(connection, plan_hash)

    def client_history(self, client_id: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            yield from history.of_client(connection, client_id, limit)

    def package_history(self, key: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """See `PlatformReader`."""
        with self.database.reading() as connection:
            yield from history.of_package(connection, key, limit)

    def foresee_transfers(self, of: TransferAim, at: datetime) -> Transfers:
        """See `PlatformReader`."""
        require(naming.of_readable(of))
        with self.database.reading() as connection:
            return transfers.foreseen(connection, of, at)

    def events(self, *, limit: int | None = None) -> Iterator[Event]:
        """See `PlatformReader`; the stream is one transaction, open until it ends or is closed."""
        with self.database.reading() as connection:
            yield from events.stream(connection, limit)

    @retried
    def at_one_instant(self, read: Callable[[PlatformReader], T]) -> T:
        """See `PlatformReader`; one transaction. Writers to a SQLite file wait for its end."""
        with self.database.at_one_instant():
            return read(self)

    @retried
    def apply(self, change_set: ChangeSet) -> Run:
        """See `Platform`."""
        with self.database.writing() as connection:
            return apply.apply(connection, change_set, self._floor)

    def import_clients(
        self,
        lines: Iterable[ClientLine],
        at: datetime,
        *,
        assign: Bound | None = None,
        by: Author = UNKNOWN,
    ) -> ImportReport:
        """See `Platform`; where others undid the first try, they wait while the next one runs."""
        require(naming.of_author(by))
        if self.database.is_joined:
            return self._import(lines, at, assign, by)
        with Rereadable(lines) as again:
            return self._import(again, at, assign, by)

    @retried
    def _import(
        self, lines: Iterable[ClientLine], at: datetime, assign: Bound | None, by: Author
    ) -> ImportReport:
        with self.database.writing(imports.WRITTEN if self.database.was_undone else ()) as connection:
            floor = () if self._floor is None else (self._floor.clients_losing,)
            bounds = None if assign is None else (assign, *floor)
            return client_imports.take_all(connection, lines, at, bounds, by)

    @retried
    def add_client(self, line: ClientLine, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        require(naming.of_author(by))
        with self.database.writing() as connection:
            client_imports.take_one(connection, line, at, by)
            return lookup.view(connection, line.id, at)

    @retried
    def update_client(self, stated: ClientUpdate, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        require([*naming.of_author(by), *naming.of_update(stated)])
        with self.database.writing() as connection:
            persons.update(connection, stated, at, by)
            return lookup.view(connection, stated.id, at)

    @retried
    def forget_client(
        self, client_id: str, at: datetime, *, replaced_by: str | None = None, by: Author = UNKNOWN
    ) -> Forgotten:
        """See `Platform`."""
        require([*naming.of_author(by), *naming.of_ids(replaced_by)])
        with self.database.writing() as connection:
            return persons.forget(connection, client_id, at, by, replaced_by=replaced_by)

    @retried
    def assign(self, client_id: str, package: str, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        require(naming.of_author(by))
        with self.database.writing() as connection:
            return assignments.assign(connection, client_id, package, at, by)

    def foresee(self, client_id: str, package: str, at: datetime) -> Assignment:
        """See `Platform`."""
        with self.database.reading() as connection:
            return assignments.foreseen(connection, client_id, package, at)

    @retried
    def adjust(self, client_id: str, adjustment: Adjustment, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """See `Platform`."""
        require(naming.of_author(by))
        with self.database.writing() as connection:
            return adjusting.adjust(connection, client_id, adjustment, at, by)

    def foresee_adjustment(self, client_id: str, adjustment: Adjustment, at: datetime) -> Adjusted:
        """See `Platform`."""
        with self.database.reading() as connection:
            return adjusting.foreseen(connection, client_id, adjustment, at, UNKNOWN)

    @retried
    def record_usage(self, client_id: str, meter: str, amount: int, at: datetime) -> int:
        """See `Platform`."""
        require([(KEY, meter)])
        with self.database.writing() as connection:
            return assignments.record_usage(connection, client_id, meter, amount, at)

    @retried
    def set_users(self, client_id: str, users: int, at: datetime) -> Client:
        """See `Platform`."""
        with self.database.writing() as connection:
            return assignments.set_users(connection, client_id, users, at)

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
        """See `Platform`."""
        require(naming.of_author(by))
        with self.database.writing() as connection:
            floor = self._floor
            return editing.edit(connection, key, definition, at, archived=archived, by=by, floor=floor)

    @retried
    def start_cycle(self, client_id: str, at: datetime) -> Client:
        """See `Platform`."""
        with self.database.writing() as connection:
            assignments.start_cycle(connection, client_id, at)
            return lookup.view(connection, client_id, at)

    @retried
    def once(self, request: KeyedRequest, effect: Callable[[], str]) -> str:
        """See `ServedPlatform`.

        Kept answers are looked up only where the request fails, as it does where there is one: the key is
        taken. They are outside of the transaction, which would otherwise depend on every other one that keeps
        an answer.
        """
        try:
            with self.database.joined() as connection:
                answer = effect()
                idempotency.keep(connection, request, answer)
        except Exception:
            kept = self.kept_answer(request)  # what was done before may be why this fails
            if kept is None:
                raise
            return kept
        self._forget_old_answers(request.at)
        return answer

    def _forget_old_answers(self, at: datetime) -> None:
        """Forget now and then, by itself: a write that also forgot would get in the way of all others."""
        if at >= self._forgets_again:
            self._forgets_again = at + _FORGETS_EVERY
            with suppress(ContentionError), self.database.writing() as connection:
                idempotency.forget(connection, at)

    def kept_answer(self, request: KeyedRequest) -> str | None:
        """See `ServedPlatform`."""
        with self.database.looking() as connection:
            found = idempotency.of_key(connection, request.key)
        if found is None:
            return None
        fingerprint, answer = found
        if fingerprint != request.fingerprint:
            raise KeyReusedError(
                "The idempotency key came with another request before.",
                hint="Choose a new key for each request.",
            )
        return answer
