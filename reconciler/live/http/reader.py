"""The reading half of the port over requests."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from reconciler.errors import StaleError, UnreachableError, WrongUsageError
from reconciler.live.http.instant import settled
from reconciler.live.http.messages import Request, asking, instant, made, named
from reconciler.live.naming import of_readable
from reconciler.model.clients import EVERYBODY
from reconciler.model.events import Event
from reconciler.model.forms import CLIENT_ID, HASH, KEY, PACKAGE_KEY, require
from reconciler.model.history import HistoryEntry
from reconciler.model.packages import RevisionRef
from reconciler.model.questions import Tally
from reconciler.wire import paths
from reconciler.wire.changesets import (
    AllMovedReply,
    AllParkedReply,
    PlatformReply,
    RunReply,
    RunsReply,
    StateReply,
    TransfersBody,
    TransfersReply,
)
from reconciler.wire.clients import ClientReply, client_of
from reconciler.wire.guards import GuardsReply
from reconciler.wire.packages import (
    CatalogReply,
    DefinitionBody,
    DefinitionsReply,
    PackageReply,
    PackagesReply,
    RefBody,
    RefsBody,
)
from reconciler.wire.questions import (
    AcknowledgedReply,
    AllOutdatedReply,
    AnswersReply,
    GrantedReply,
    HoldersReply,
    HoldingsBody,
    HoldingsReply,
    LostReply,
    MatchingBody,
    NthBody,
    NthReply,
    QuestionsBody,
    SuspendedReply,
)
from reconciler.wire.versions import agree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from reconciler.live.http.session import Calls
    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import Moved, Parked, Run
    from reconciler.model.clients import Client, ClientFilter
    from reconciler.model.losses import InForce, Lost
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import Outdated, PlatformIdentity
    from reconciler.model.questions import Answer, ClientQuestion
    from reconciler.model.settings import Guards
    from reconciler.model.transfers import TransferAim, Transfers

T = TypeVar("T")

_PAGE: Final = 10_000
_DEFINITIONS: Final = 1_000
_QUESTIONS: Final = 1_000
_LISTINGS: Final = 5
_LOOK: Final = "Look at the server, and at what stands before it."
_ID: Final = TypeAdapter(str).validate_json


class HttpReader:
    """Implements `PlatformReader`. What is asked in bulk is sent in bulk."""

    def __init__(self, session: Calls) -> None:
        self._session = session
        self._is_agreed = False

    def at_one_instant(self, read: Callable[[PlatformReader], T]) -> T:
        """See `PlatformReader`."""
        return settled(self.agreed, self.state_token, lambda calls: read(HttpReader(calls)))

    def identity(self) -> PlatformIdentity:
        """See `PlatformReader`; the first request of every other method too."""
        reply = self._session.call(Request("GET", paths.PLATFORM), PlatformReply)
        agree(reply.versions, where=self._session.where)
        self._is_agreed = True
        return reply.value()

    def state_token(self) -> str:
        """See `HasStateToken`."""
        return self.agreed.call(Request("GET", paths.STATE), StateReply).token

    def catalog(self) -> Catalog | None:
        """See `PlatformReader`."""
        return self.agreed.call(Request("GET", paths.CATALOG), CatalogReply).value()

    def guards(self) -> Guards | None:
        """See `PlatformReader`."""
        return self.agreed.call(Request("GET", paths.GUARDS), GuardsReply).value()

    def parked(self) -> tuple[Parked, ...]:
        """See `PlatformReader`."""
        return self.agreed.call(Request("GET", paths.PARKED), AllParkedReply).items

    def packages(self) -> tuple[PackageHead, ...]:
        """See `PlatformReader`; listed anew where they change between two pages."""
        for _ in range(_LISTINGS - 1):
            try:
                return self._packages()
            except StaleError:
                continue
        return self._packages()

    def package(self, key: str) -> PackageHead | None:
        """See `PlatformReader`."""
        try:
            request = Request("GET", paths.PACKAGE.format(key=named(PACKAGE_KEY, key)))
            return self.agreed.call(request, PackageReply).head.value()
        except WrongUsageError:
            return None

    def definitions(self, wanted: Collection[RevisionRef]) -> Mapping[RevisionRef, Definition]:
        """See `PlatformReader`."""
        found = {}
        for some in _cut(sorted(set(wanted)), _DEFINITIONS):
            refs = tuple(made(RefBody, key=ref.key, revision=ref.revision) for ref in some)
            body = RefsBody(wanted=refs)
            for item in self.agreed.call(asking(paths.DEFINITIONS, body), DefinitionsReply).items:
                found[RevisionRef(item.key, item.revision)] = item.definition.value()
        return found

    def holdings(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[int, int]]:
        """See `PlatformReader`."""
        held: dict[str, dict[int, int]] = {}
        for some in _cut(sorted(set(keys)), _PAGE):
            body = made(HoldingsBody, keys=tuple(some), at=at)
            for item in self.agreed.call(asking(paths.HOLDINGS, body), HoldingsReply).items:
                held.setdefault(item.key, {})[item.revision] = item.clients
        return held

    def suspended(self, keys: Collection[str], at: datetime) -> Mapping[str, int]:
        """See `PlatformReader`."""
        held: dict[str, int] = {}
        for some in _cut(sorted(set(keys)), _PAGE):
            body = made(HoldingsBody, keys=tuple(some), at=at)
            items = self.agreed.call(asking(paths.SUSPENDED, body), SuspendedReply).items
            held |= {item.key: item.clients for item in items}
        return held

    def granted_terms(self, keys: Collection[str], at: datetime) -> Mapping[str, Mapping[str, bool]]:
        """See `PlatformReader`."""
        found: dict[str, Mapping[str, bool]] = {}
        for some in _cut(sorted(set(keys)), _PAGE):
            body = made(HoldingsBody, keys=tuple(some), at=at)
            items = self.agreed.call(asking(paths.GRANTED, body), GrantedReply).items
            found |= {item.key: {each.term: each.ends_with_a_move for each in item.terms} for item in items}
        return found

    def outdated(self, at: datetime) -> tuple[Outdated, ...]:
        """See `PlatformReader`."""
        request = Request("GET", paths.OUTDATED, instant(at))
        return tuple(item.value() for item in self.agreed.call(request, AllOutdatedReply).items)

    def acknowledged(self, at: datetime) -> tuple[InForce, ...]:
        """See `PlatformReader`."""
        request = Request("GET", paths.ACKNOWLEDGEMENTS, instant(at))
        return self.agreed.call(request, AcknowledgedReply).items

    def lost_since(self, since: datetime) -> Lost:
        """See `PlatformReader`."""
        query = {"since": since.isoformat()}
        return self.agreed.call(Request("GET", paths.LOSSES, query), LostReply).lost

    def holder_count(self, at: datetime) -> int:
        """See `PlatformReader`."""
        return self.agreed.call(Request("GET", paths.HOLDERS, instant(at)), HoldersReply).clients

    def answers(
        self, questions: Sequence[ClientQuestion], at: datetime, *, sample: int
    ) -> tuple[Answer, ...]:
        """See `PlatformReader`."""
        found: list[Answer] = []
        for some in _cut(questions, _QUESTIONS):
            body = made(QuestionsBody, questions=some, at=at, sample=sample)
            reply = self.agreed.call(asking(paths.ANSWERS, body), AnswersReply)
            if len(reply.items) != len(some):
                raise UnreachableError(
                    f"{self._session.where} gave {len(reply.items)} answers to {len(some)} questions."
                )
            found += reply.items
        return tuple(found)

    def matching(self, question: ClientQuestion, at: datetime) -> Iterator[str]:
        """See `PlatformReader`."""
        body = made(MatchingBody, question=question, at=at)
        found = (
            self._read(line, _ID) for line in self.agreed.lines(asking(paths.MATCHING, body, is_long=True))
        )
        yield from self._ascending(found, lambda client_id: (client_id,))

    def nth_matching(self, question: ClientQuestion, n: int, at: datetime) -> str | None:
        """See `PlatformReader`."""
        body = made(NthBody, question=question, at=at, n=n)
        return self.agreed.call(asking(paths.NTH_MATCHING, body), NthReply).id

    def consumption(self, package: str, meter: str, at: datetime) -> Iterator[Tally]:
        """See `PlatformReader`."""
        path = paths.CONSUMPTION.format(key=named(PACKAGE_KEY, package), meter=named(KEY, meter))
        lines = self.agreed.lines(Request("GET", path, instant(at), is_long=True))
        found = (self._read(line, _TALLY) for line in lines)
        yield from self._ascending(found, lambda tally: (tally.amount, tally.revision), "amounts")

    def client(self, client_id: str, at: datetime) -> Client:
        """See `PlatformReader`."""
        path = paths.CLIENT.format(client_id=named(CLIENT_ID, client_id))
        return self.agreed.call(Request("GET", path, instant(at)), ClientReply).value()

    def snapshot(self, client_id: str) -> Definition:
        """See `PlatformReader`."""
        path = paths.SNAPSHOT.format(client_id=named(CLIENT_ID, client_id))
        return self.agreed.call(Request("GET", path), DefinitionBody).value()

    def clients(
        self,
        at: datetime,
        *,
        package: str | None = None,
        outdated: bool = False,
        only: ClientFilter = EVERYBODY,
    ) -> Iterator[Client]:
        """See `PlatformReader`."""
        require(of_readable(only))
        require([] if package is None else [(PACKAGE_KEY, package)])
        query = instant(at) | ({"outdated": "true"} if outdated else {})
        query |= {} if package is None else {"package": package}
        stated = {name: value for name, value in asdict(only).items() if value}
        query |= {name: "true" if value is True else value for name, value in stated.items()}
        lines = self.agreed.lines(Request("GET", paths.CLIENTS, query, is_long=True))
        yield from self._ascending((self._read(line, client_of) for line in lines), lambda each: (each.id,))

    def expiring(self, at: datetime, until: datetime) -> Iterator[Client]:
        """See `PlatformReader`."""
        query = instant(at) | {"until": until.isoformat()}
        lines = self.agreed.lines(Request("GET", paths.EXPIRING, query, is_long=True))
        found = (self._read(line, client_of) for line in lines)
        yield from self._ascending(found, lambda each: (each.subscription.expires_at or until, each.id))

    def runs(self, *, limit: int = 50, before: int | None = None, brief: bool = False) -> tuple[Run, ...]:
        """See `PlatformReader`."""
        found: list[Run] = []
        query = ({} if before is None else {"before": str(before)}) | ({"brief": "true"} if brief else {})
        while len(found) < limit:
            query["limit"] = str(min(limit - len(found), _PAGE))
            reply = self.agreed.call(Request("GET", paths.RUNS, query), RunsReply)
            found += (item.value() for item in reply.items)
            is_repeating = any(newer.id <= older.id for newer, older in pairwise(found))
            if is_repeating or (reply.next is not None and not reply.items):
                raise self._endless("runs")
            if reply.next is None:
                break
            query["cursor"] = reply.next
        return tuple(found[:limit])

    def run(self, run_id: int) -> Run:
        """See `PlatformReader`."""
        path = paths.RUN.format(run_id=run_id)
        return self.agreed.call(Request("GET", path), RunReply).value()

    def moved_by(self, run_id: int) -> tuple[Moved, ...]:
        """See `PlatformReader`."""
        request = Request("GET", paths.MOVED.format(run_id=run_id))
        return self.agreed.call(request, AllMovedReply).items

    def run_of_plan(self, plan_hash: str) -> Run | None:
        """See `PlatformReader`."""
        require([(HASH, plan_hash)])
        request = Request("GET", paths.RUNS, {"plan_hash": plan_hash})
        found = self.agreed.call(request, RunsReply).items
        return found[0].value() if found else None

    @property
    def agreed(self) -> Calls:
        """The session, once both ends were found to speak one version."""
        if not self._is_agreed:
            self.identity()
        return self._session

    def _packages(self) -> tuple[PackageHead, ...]:
        found: list[PackageHead] = []
        query = {"limit": str(_PAGE)}
        while True:
            reply = self.agreed.call(Request("GET", paths.PACKAGES, query), PackagesReply)
            found += (item.value() for item in reply.items)
            if any(one.key >= other.key for one, other in pairwise(found)):
                raise self._endless("packages")
            if len(found) > reply.total or (reply.next is None and len(found) < reply.total):
                raise self._incomplete(len(found), reply.total)
            if reply.next is None:
                return tuple(found)
            if not reply.items:
                raise self._incomplete(len(found), reply.total)
            query["cursor"] = reply.next

    def _ascending(
        self, items: Iterable[T], key: Callable[[T], tuple[Any, ...]], what: str = "clients"
    ) -> Iterator[T]:
        """Yield a list whose keys ascend; raises `UnreachableError` at the first that does not."""
        last: tuple[Any, ...] = ()
        for item in items:
            this = key(item)
            if this <= last:
                raise self._endless(what)
            last = this
            yield item

    def _endless(self, what: str) -> UnreachableError:
        where = self._session.where
        return UnreachableError(
            f"{where} lists its {what} out of order, and perhaps without an end.", hint=_LOOK
        )

    def _incomplete(self, came: int, total: int) -> UnreachableError:
        return UnreachableError(
            f"{self._session.where} says that there are {total} packages, and listed {came}.",
            hint=f"Nothing can be planned on an incomplete list. {_LOOK}",
        )

    def events(self, *, limit: int | None = None) -> Iterator[Event]:
        """See `PlatformReader`."""
        return self._latest(paths.EVENTS, limit, _EVENT)

    def foresee_transfers(self, of: TransferAim, at: datetime) -> Transfers:
        """See `PlatformReader`."""
        body = made(TransfersBody, of=of, at=at)
        return self.agreed.call(asking(paths.TRANSFERS, body, is_long=True), TransfersReply).transfers

    def client_history(self, client_id: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """See `PlatformReader`."""
        path = paths.CLIENT_HISTORY.format(client_id=named(CLIENT_ID, client_id))
        return self._latest(path, limit, _HISTORY)

    def package_history(self, key: str, *, limit: int | None = None) -> Iterator[HistoryEntry]:
        """See `PlatformReader`."""
        return self._latest(paths.PACKAGE_HISTORY.format(key=named(PACKAGE_KEY, key)), limit, _HISTORY)

    def _latest(self, path: str, limit: int | None, read: Callable[[bytes], T]) -> Iterator[T]:
        query = {} if limit is None else {"limit": str(limit)}
        for line in self.agreed.lines(Request("GET", path, query, is_long=True)):
            yield self._read(line, read)

    def _read(self, line: bytes, read: Callable[[bytes], T]) -> T:
        try:
            return read(line)
        except ValidationError as error:
            raise UnreachableError(
                f"{self._session.where}: a line of a list cannot be read.",
                hint="Use client and server of one version.",
            ) from error


_EVENT: Final = TypeAdapter(Event).validate_json
_HISTORY: Final = TypeAdapter(HistoryEntry).validate_json
_TALLY: Final = TypeAdapter(Tally).validate_json


def _cut(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
