"""The port: what a platform must be able to answer, and to do.

`plan` is given a `PlatformReader`; only `apply` and the client commands are given a `Platform`. The contract
suite in `tests/contract/` says what each method promises, and runs over every implementation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from reconciler.model.clients import EVERYBODY
from reconciler.model.events import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

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
    from reconciler.model.plans import Outdated, PlatformIdentity
    from reconciler.model.prospects import Adjusted, Assignment
    from reconciler.model.questions import Answer, ClientQuestion, Tally
    from reconciler.model.settings import Bound, Guards
    from reconciler.model.tokens import Token
    from reconciler.model.transfers import TransferAim, Transfers

T = TypeVar("T")


class PlatformReader(Protocol):
    """Live and held state. Every method may raise `UnreachableError`."""

    def at_one_instant(self, read: Callable[[PlatformReader], T]) -> T:
        """Return what `read` makes of a reader whose packages, settings, runs and counts are of one instant.

        Names and streams may be younger. `read` may be called again, and must only ask. Raises
        `ContentionError` where the platform changed time and again before all was counted.
        """
        ...

    def identity(self) -> PlatformIdentity:
        """Return which platform this is."""
        ...

    def catalog(self) -> Catalog | None:
        """Return the live catalog; None where none was ever applied."""
        ...

    def guards(self) -> Guards | None:
        """Return the guards that the last apply from files recorded; None where none did."""
        ...

    def parked(self) -> tuple[Parked, ...]:
        """Return what rollbacks parked and nothing released since, by subject."""
        ...

    def packages(self) -> tuple[PackageHead, ...]:
        """Return every package, archived and unmanaged ones included, sorted by key."""
        ...

    def package(self, key: str) -> PackageHead | None:
        """Return one package; None where there is none. The work does not grow with the others."""
        ...

    def definitions(self, wanted: Collection[RevisionRef]) -> Mapping[RevisionRef, Definition]:
        """Return the definitions of these revisions; a revision that does not exist is left out."""
        ...

    def holdings(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[int, int]]:
        """Count, per package and held revision, the clients with an active subscription at `at`.

        Packages and revisions that nobody holds are left out.
        """
        ...

    def suspended(self, keys: Collection[str], at: datetime) -> Mapping[str, int]:
        """Count, per package, the clients whose subscription would be active at `at` if they themselves were.

        Packages that nobody holds so are left out. The work grows with the clients who are not active.
        """
        ...

    def granted_terms(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[str, bool]]:
        """Return, per package, which terms an active holder was granted that have not ended.

        Of each, whether a grant of it ends once its client is reassigned. What ended so is among them as long
        as a rollback could bring it back. `expiry` stands for a subscription
        that was extended. Packages without any are left out. The work grows with the grants and extensions.
        """
        ...

    def outdated(self, at: datetime) -> tuple[Outdated, ...]:
        """Count the active holders who would get something else now, by package and revision, sorted.

        They hold a revision of other features, limits or caps than the current one, or one by which their own
        subscription ends at another instant (rule 14), since the first later revision of other terms. The
        work grows with the holders of older revisions and with the packages, not with all clients.
        """
        ...

    def acknowledged(self, at: datetime) -> tuple[InForce, ...]:
        """Return the acknowledgements of the last run made of files, by package, verb and term (rule 19).

        Each with the distinct clients who lost what it names since the run that was first with it, and
        whether it is spent at `at`. The work grows with the entries and with whom those runs moved.
        """
        ...

    def lost_since(self, since: datetime) -> Lost:
        """Count the distinct clients who lost anything since an instant by runs, imports and hands (rule 19).

        Whom a rollback restored does not count. The work grows with whom the runs since then moved.
        """
        ...

    def holder_count(self, at: datetime) -> int:
        """Count the clients with an active subscription to any package at `at`."""
        ...

    def answers(
        self, questions: Sequence[ClientQuestion], at: datetime, *, sample: int
    ) -> tuple[Answer, ...]:
        """Answer in the order of the questions, with up to `sample` client ids each, by id."""
        ...

    def matching(self, question: ClientQuestion, at: datetime) -> Iterator[str]:
        """Stream the ids of all matching clients, by id, in memory that does not grow with their number."""
        ...

    def nth_matching(self, question: ClientQuestion, n: int, at: datetime) -> str | None:
        """Return the id of the `n`-th (from 1) matching client by id; None where fewer match."""
        ...

    def consumption(self, package: str, meter: str, at: datetime) -> Iterator[Tally]:
        """Tally the package's active holders by what they use of a limit or a cap.

        By amount, smallest first (0 for who uses none), then by revision; streamed, in memory that does not
        grow with the number of clients. Nothing where no package has the key.
        """
        ...

    def client(self, client_id: str, at: datetime) -> Client:
        """Return one client; raises `WrongUsageError` with near misses where there is none."""
        ...

    def snapshot(self, client_id: str) -> Definition:
        """Return the definition that the client's subscription is a snapshot of."""
        ...

    def clients(
        self,
        at: datetime,
        *,
        package: str | None = None,
        outdated: bool = False,
        only: ClientFilter = EVERYBODY,
    ) -> Iterator[Client]:
        """Stream clients by id, of one package or of all; all, or those who would get something else now.

        With `only`, those of whom all is so that it states.
        """
        ...

    def expiring(self, at: datetime, until: datetime) -> Iterator[Client]:
        """Stream the clients whose subscription is active and ends at `until` or before, soonest first."""
        ...

    def runs(self, *, limit: int = 50, before: int | None = None, brief: bool = False) -> tuple[Run, ...]:
        """Return the latest runs, newest first; with `before`, those older than the run of that number.

        `brief` ones lack `changes`, `before` and `after`, which grow with the packages of a run.
        """
        ...

    def run(self, run_id: int) -> Run:
        """Return one run; raises `WrongUsageError` where there is none."""
        ...

    def moved_by(self, run_id: int) -> tuple[Moved, ...]:
        """Return whom the run reassigned, per package and pair of revisions, sorted."""
        ...

    def run_of_plan(self, plan_hash: str) -> Run | None:
        """Return the run that applied the plan with this hash; None where none did."""
        ...

    def client_history(self, client_id: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """Stream what was done to a client by hands, imports and runs, newest first; at most so many.

        Raises `WrongUsageError` with near misses where there is no such client. The work grows with what was
        done to this client.
        """
        ...

    def package_history(self, key: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """Stream what was done to a package by hands and runs, newest first; at most so many.

        What was done while it had another key counts. Raises `WrongUsageError` with near misses where there
        is no such package. The work grows with what was done to this package.
        """
        ...

    def foresee_transfers(self, of: TransferAim, at: datetime) -> Transfers:
        """Return what taking back what hands or a run did to clients would do, or a move between packages.

        Whoever still holds what it was given goes back to what it held before, with its former start and
        what it has used; whoever was new or changed since stays. Of an edit of a package, nobody moves. A
        move brings those whom it names, or all active holders, to the current revision of another package;
        whom its list of e-mails leaves out stays.
        Raises `WrongUsageError` where there is no such run, event, package or client, or where it cannot be
        taken back; `BlockedError` where the package moved to is archived.
        """
        ...

    def events(self, *, limit: int | None = None) -> Iterator[Event]:
        """Stream what was written, by whom and why, oldest first: all, or so many of the latest.

        Every assignment, client added, import (and what it did to each client whose holding it changed), edit
        by hand and run is an event. A run seals those that no run sealed before. Meters are none: usage, team
        members, cycles.
        """
        ...


@runtime_checkable
class HasStateToken(Protocol):
    """What a platform may be able to answer, so that a loop over it costs nothing while nothing changes."""

    def state_token(self) -> str:
        """Return a text that changes with every run, and every write to packages, catalog or guards.

        The work must not grow with the number of packages or clients.
        """
        ...


def state_of(platform: PlatformReader) -> str:
    """Return what changes with every run: the state token, or the newest run of a platform without one."""
    if isinstance(platform, HasStateToken):
        return platform.state_token()
    return str(next((run.id for run in platform.runs(limit=1, brief=True)), 0))


class Platform(PlatformReader, Protocol):
    """A platform that may also be written.

    Each write is told the present instant; a platform with a clock of its own, such as a server, uses that.
    `by` is who writes and why, for the event that records it; a server records its token's name.
    """

    def apply(self, change_set: ChangeSet) -> Run:
        """Do all of the change set or nothing, and record the run, which tells what was done.

        A change set whose `plan_hash` was applied before returns that run and writes nothing. Raises
        `StaleError`, saying what moved, where the lineage differs, a version, the catalog or the guards are
        not the expected ones, an expectation or a move meets more clients than it may; `BlockedError` where
        a rule of the domain forbids it.
        """
        ...

    def import_clients(
        self,
        lines: Iterable[ClientLine],
        at: datetime,
        *,
        assign: Bound | None = None,
        by: Author = UNKNOWN,
    ) -> ImportReport:
        """Add or update clients by id, all or none.

        What a line does not state is kept. A new client needs `name`, `owner_email` and `package`. A package
        that is stated and is not the one held assigns anew: the snapshot is of the current revision, rules 2,
        4, 5 and 8 hold. Another `assigned_at` alone counts the expiry of the snapshot held from there. It may
        lie in the past, but not in the future. Raises `InvalidError` with a finding per bad line.

        Clients who exist get another package or start only with `assign` (rule 16): at most so many of them
        may lose something by it and within the 23 hours before. The bound that the last apply recorded counts
        where it is stricter; one client alone is not judged. Raises `UnaskedMovesError` without `assign`,
        `BlockedError` beyond the bound.
        """
        ...

    def add_client(self, line: ClientLine, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """Add one client with its package; raises `BlockedError` where the id exists or a rule forbids it."""
        ...

    def update_client(self, stated: ClientUpdate, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """Change a client's name, its owner's address or its status; what is not stated is kept.

        The event names what changed; of it the status alone is kept. Raises `WrongUsageError` where there is
        no such client.
        """
        ...

    def forget_client(
        self, client_id: str, at: datetime, *, replaced_by: str | None = None, by: Author = UNKNOWN
    ) -> Forgotten:
        """Erase a client and the kept answers that name it; return what still does.

        Events name it by a number that nothing leads back from. With `replaced_by` what it holds stays under
        that id, without its name and address. Raises `WrongUsageError` where there is no such client,
        `BlockedError` where another one has that id.
        """
        ...

    def assign(self, client_id: str, package: str, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """Give the client a package by hand: a new snapshot, start and cycle (rules 2, 5, 8, 10)."""
        ...

    def foresee(self, client_id: str, package: str, at: datetime) -> Assignment:
        """Return what `assign` would do now, and write nothing; raises what it would raise (rule 16)."""
        ...

    def adjust(self, client_id: str, adjustment: Adjustment, at: datetime, *, by: Author = UNKNOWN) -> Client:
        """Grant the client something, revoke a grant, or extend its subscription (rules 17 and 18).

        Raises `BlockedError` where what is granted could not be used, or an extension would be none;
        `WrongUsageError` where there is no such grant.
        """
        ...

    def foresee_adjustment(self, client_id: str, adjustment: Adjustment, at: datetime) -> Adjusted:
        """Return what `adjust` would do now, and write nothing; raises what it would raise (rule 16)."""
        ...

    def record_usage(self, client_id: str, meter: str, amount: int, at: datetime) -> int:
        """Add to the usage of a feature, a limit or a cap and return the new total.

        Raises `BlockedError`, writing nothing, where the client is not entitled to it or the total would be
        beyond the allowance (rules 4, 6, 11).
        """
        ...

    def set_users(self, client_id: str, users: int, at: datetime) -> Client:
        """Set the number of team members; raises `BlockedError` where it grows beyond the cap (rule 6)."""
        ...

    def edit_package(
        self,
        key: str,
        definition: Definition,
        at: datetime,
        *,
        archived: bool = False,
        by: Author = UNKNOWN,
    ) -> PackageHead:
        """Write a package by hand: a new one is unmanaged, an existing one keeps whether it is managed."""
        ...

    def start_cycle(self, client_id: str, at: datetime) -> Client:
        """Begin the client's next billing cycle: features, `per: cycle` limits and AI credits start at 0."""
        ...


class Pool(Struct, frozen=True):
    """Connections to a database.

    Attributes:
        most: How many there may be at once.
    """

    in_use: int
    most: int


class ServedPlatform(Platform, Protocol):
    """A platform that `reconciler serve` can put behind its API."""

    @property
    def where(self) -> str:
        """How messages call the database: for operators, not for strangers."""
        ...

    def pool(self) -> Pool:
        """Return how busy the connections to the database are."""
        ...

    def entitlements(
        self, asked: Collection[tuple[str, datetime]]
    ) -> Mapping[tuple[str, datetime], Entitlements]:
        """Return what clients may use at instants, by one statement.

        Left out is who was ever granted anything beside a package, and who does not exist: `client` tells.
        """
        ...

    def once(self, request: KeyedRequest, effect: Callable[[], str]) -> str:
        """Do `effect` and keep its answer under the request's key, in one transaction; return the answer.

        Whatever `effect` asks of this platform, on this thread, is part of that transaction. A key that is
        kept already gives the answer that was kept, and what `effect` did is undone. `effect` may be called
        anew after it was undone, so it must have no other effects. Raises `KeyReusedError` where the key is
        kept for another fingerprint; what `effect` raises undoes everything, and nothing is kept.
        """
        ...

    def kept_answer(self, request: KeyedRequest) -> str | None:
        """Return the answer that is kept under a request's key, for who would do much before `once` finds it.

        None where there is none. Raises `KeyReusedError` as `once` does.
        """
        ...


class TokenRegister(Protocol):
    """The tokens of a served platform."""

    def is_open(self) -> bool:
        """Whether no token was ever made, so that nothing protects the platform."""
        ...

    def find(self, shown: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Token]:
        """Return the tokens of which an id and the digest of a text are shown; others are left out."""
        ...

    def find_beside(
        self, shown: Collection[tuple[str, str]], ask: Callable[[], T]
    ) -> tuple[Mapping[tuple[str, str], Token], T]:
        """Return the same and what `ask` returns, which asks the platform one question on this thread.

        Both are sent to it together.
        """
        ...

    def hear_of(self, shown: tuple[str, str], hear: Callable[[Token | None], None]) -> None:
        """Have it be heard, before anything is written, whether a token is found; `hear` raises to forbid it.

        It is within what `once` does, and is asked with the next question that is.
        """
        ...

    def tokens(self) -> tuple[Token, ...]:
        """Return every token, revoked ones included, oldest first."""
        ...

    def add(self, token: Token, digest: str, *, by: Author = UNKNOWN) -> None:
        """Keep a new token and write that down; raises `WrongUsageError` where its name is none."""
        ...

    def rotate(
        self, token_id: str, token: Token, digest: str, *, ends: datetime, by: Author = UNKNOWN
    ) -> None:
        """Keep a new token and have an old one end at an instant, unless it ends before: both or neither."""
        ...

    def note_use(self, token_id: str, hour: datetime) -> None:
        """Keep that a token was used in an hour; earlier hours than the one that is kept are nothing new."""
        ...

    def revoke(self, token_id: str, at: datetime, *, by: Author = UNKNOWN) -> Token:
        """End a token, write that down, and return it; raises `WrongUsageError` where there is none."""
        ...
