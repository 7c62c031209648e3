"""Taking clients in: one by one, or a million from a stream in memory that does not grow with them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BlockedError, InvalidError, UnaskedMovesError
from reconciler.live import naming
from reconciler.live.embedded import lookup, losses
from reconciler.live.embedded.adjusting import granting
from reconciler.live.embedded.assignments import assigned, holding_changed, holding_of
from reconciler.live.embedded.guarding import strictest
from reconciler.live.embedded.persons import updated
from reconciler.live.granting import Recipient
from reconciler.live.rules import Refusal, carried_over, refused_assignment, refused_line, refused_start
from reconciler.model.clients import ClientLine, ImportReport
from reconciler.model.english import agreed, counted
from reconciler.model.events import Seal
from reconciler.model.expiry import end_of
from reconciler.model.findings import Finding, Position
from reconciler.model.forms import require
from reconciler.model.grants import kept_on_assignment, spent_in_cycle, with_grants
from reconciler.model.packages import canonical_json
from reconciler.model.quantities import allowance
from reconciler.model.settings import Guards
from reconciler.model.terms import USERS
from reconciler.planning.guards import LOSSES_COUNT_FOR, most_losing, too_many_losing
from reconciler.planning.moving import Moved, Movements
from reconciler.store import clients, events, grants, imports, meta, subscriptions, usage
from reconciler.store.clients import StoredClient
from reconciler.store.events import new_id, new_number
from reconciler.store.usage import StoredUsage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from reconciler.live.embedded.lookup import Offer
    from reconciler.model.events import Author
    from reconciler.model.grants import Grant
    from reconciler.model.moving import Moving
    from reconciler.model.settings import Bound
    from reconciler.store.imports import Met

SOURCE: Final = "clients"
"""What findings name as their file: the platform is handed lines, not the name they came under."""
_BATCH: Final = 2_000
_FINDINGS_SHOWN: Final = 100
_STATED: Final = tuple(name for name in ClientLine.__struct_fields__ if name != "line")
_VALUES: Final = attrgetter(*_STATED)


class Settled(Struct, frozen=True):
    """A line and the client that it makes.

    Attributes:
        standing: The client as it was; None for a new one.
        begins: Whether it is assigned anew, so that its cycle begins.
    """

    line: ClientLine
    client: StoredClient
    standing: StoredClient | None
    begins: bool

    @property
    def moves(self) -> StoredClient | None:
        """The client as it was, where it gets another package or another start."""
        was = self.standing
        return was if was and (self.begins or was.assigned_at != self.client.assigned_at) else None


def settle(
    line: ClientLine, standing: StoredClient | None, offers: Mapping[str, Offer], at: datetime
) -> Settled | Refusal:
    """Decide what a line makes of the client who stands like this.

    A line that states another start alone leaves the client with its snapshot and its usage.
    """
    if standing is None:
        return _new(line, offers, at)
    stated = _restated(line, standing)
    if line.package is None or line.package == standing.package:
        refusal = line.assigned_at and refused_start(line.assigned_at, at)
        return _refused(line, refusal) if refusal else Settled(line, stated, standing, begins=False)
    holding = _holding(line, line.package, stated.owner_email, offers, at)
    if isinstance(holding, Refusal):
        return holding
    return Settled(line, assigned(stated, holding), standing, begins=True)


def _new(line: ClientLine, offers: Mapping[str, Offer], at: datetime) -> Settled | Refusal:
    if line.name is None or line.owner_email is None or line.package is None:
        return Refusal(
            "client-missing-key",
            f"client `{line.id}` is new, and its line lacks `name`, `owner_email` or `package`",
            "A new client needs all three.",
        )
    holding = _holding(line, line.package, line.owner_email, offers, at)
    if isinstance(holding, Refusal):
        return holding
    client = StoredClient(
        id=line.id,
        name=line.name,
        owner_email=line.owner_email,
        status=line.status or "active",
        users=line.users or 0,
        number=new_number(),
        cycle=1,
        assignment=1,
        **holding,
    )
    return Settled(line, client, None, begins=True)


def _restated(line: ClientLine, standing: StoredClient) -> StoredClient:
    return replace(
        standing,
        name=standing.name if line.name is None else line.name,
        owner_email=standing.owner_email if line.owner_email is None else line.owner_email,
        status=line.status or standing.status,
        users=standing.users if line.users is None else line.users,
        assigned_at=line.assigned_at or standing.assigned_at,
    )


def _holding(
    line: ClientLine, key: str, owner_email: str, offers: Mapping[str, Offer], at: datetime
) -> dict[str, Any] | Refusal:
    offer = offers.get(key)
    if offer is None:
        return Refusal("client-unknown-package", f"client `{line.id}`: there is no package `{key}`", "")
    start = line.assigned_at or at
    refusal = refused_assignment(offer.package.head, offer.definition, owner_email)
    refusal = refusal or refused_start(start, at)
    return _refused(line, refusal) if refusal else holding_of(offer, start)


def _refused(line: ClientLine, refusal: Refusal) -> Refusal:
    return replace(refusal, message=f"client `{line.id}`: {refusal.message}")


def take_all(
    connection: Connection,
    lines: Iterable[ClientLine],
    at: datetime,
    assign: Sequence[Bound] | None,
    by: Author,
) -> ImportReport:
    """Add or update clients; raises `InvalidError` with the first findings where any line is bad.

    Raises `UnaskedMovesError` where clients would move and nobody asked for it, `BlockedError` where more
    would lose something than `clients_losing` lets pass: `assign`, or what the last apply recorded.
    """
    passed = None if assign is None else _Passed.of(connection, assign, at)
    with imports.met() as met:
        intake = Intake(connection, at, by, "import")
        remaining = iter(lines)
        while batch := list(islice(remaining, _BATCH)):
            intake.take(batch, met)
    intake.require_good()
    moves = intake.moved.told()
    if moves and passed is None:
        raise _unasked(moves)
    if passed is not None:
        passed.require(connection, moves, at)
    intake.record()
    return ImportReport(intake.added, intake.updated, moves)


def _unasked(moves: tuple[Moving, ...]) -> UnaskedMovesError:
    total = sum(each.clients for each in moves)
    verb = agreed(total, "gets", "get")
    message = f"Nothing was imported: {counted(total, 'client')} {verb} another package or start by it."
    return UnaskedMovesError(message, hint="Import with `assign` (--assign) to have that done.", moves=moves)


class _Passed(Struct, frozen=True):
    """What `clients_losing` lets pass, before anything is written.

    Attributes:
        lost: Clients who lost anything in the last hours.
    """

    bound: Bound
    holders: int
    lost: int

    @classmethod
    def of(cls, connection: Connection, bounds: Sequence[Bound], at: datetime) -> _Passed:
        """Look at the guards that the last apply recorded: the strictest bound counts."""
        holders = subscriptions.holder_count(connection, at)
        stated = [Guards(clients_losing=each) for each in bounds]
        guards = strictest([*stated, meta.guards(connection)], holders) or Guards()
        lost = losses.lost_since(connection, at - LOSSES_COUNT_FOR).clients
        return cls(guards.clients_losing, holders, lost)

    def require(self, connection: Connection, moves: tuple[Moving, ...], at: datetime) -> None:
        """Raise `BlockedError` where those who lost by now are more than the bound, each counted once.

        One client alone, by hand, is not judged (rule 16).
        """
        losing = sum(each.clients_losing for each in moves)
        most = most_losing(self.bound, self.holders)
        if most is None or not losing or sum(each.clients for each in moves) == 1:
            return
        total = losses.lost_since(connection, at - LOSSES_COUNT_FOR).clients
        if total > most:
            earlier = bool(self.lost)
            said = too_many_losing(total, "this import", self.bound, self.holders, earlier=earlier)
            hint = "Import fewer lines at once, a day apart, or raise `clients_losing` in reconciler.yaml."
            raise BlockedError(f"{said} Nothing was imported.", hint=hint)


def take_one(connection: Connection, line: ClientLine, at: datetime, by: Author) -> None:
    """Add one client by hand; raises `BlockedError` where it exists or a rule forbids it (rules 5, 6, 8)."""
    require(naming.of_line(line))
    if line.id in clients.stored(connection, [line.id]):
        raise BlockedError(
            f"client `{line.id}` exists",
            hint="`clients import` updates clients, `clients assign` gives another package.",
        )
    settled = settle(line, None, _offer_of(connection, line), at)
    if isinstance(settled, Refusal):
        raise BlockedError(settled.message, hint=settled.fix)
    intake = Intake(connection, at, by, "add")
    granted = intake.granted(settled, ())
    if isinstance(granted, Refusal):
        raise BlockedError(f"client `{line.id}`: {granted.message}", hint=granted.fix)
    _require_users(connection, settled.client, granted)
    intake.write([settled], [], {line.id: granted})


def _offer_of(connection: Connection, line: ClientLine) -> dict[str, Offer]:
    return {} if line.package is None else {line.package: lookup.offer(connection, line.package)}


def _require_users(connection: Connection, client: StoredClient, granted: Iterable[Grant]) -> None:
    cap = allowance(with_grants(lookup.held(connection, client), granted).caps.get(USERS.key))
    if cap is not None and client.users > cap:
        raise BlockedError(
            f"client `{client.id}`: package `{client.package}` is for {cap} users, and it has {client.users}",
            hint="Assign a package with a higher user count.",
        )


class Intake:
    """The lines of one import, taken in batches within one transaction."""

    def __init__(self, connection: Connection, at: datetime, by: Author, kind: str) -> None:
        self.added = self.updated = 0
        self.moved = Movements(at)
        self._connection, self._at = connection, at
        self._by, self._kind = by, kind
        self._id = new_id() if kind == "import" else None
        self._lines = Seal()
        self._losing: set[str] = set()
        self._catalog = meta.catalog(connection)
        self._offers: dict[str, Offer] = {}
        self._findings: list[Finding] = []
        self._batch: list[Finding] = []
        self._bad = 0

    def take(self, batch: list[ClientLine], met: Met) -> None:
        """Judge some lines, and write them where every line so far was good."""
        batch = list(self._sound(batch))
        for line in batch:
            self._lines.add(canonical_json(_stated(line)))
        standing = clients.stored(self._connection, [line.id for line in batch])
        fresh = list(self._without_repeated(batch, standing.keys(), met))
        self._learn_offers(fresh, standing.values())
        new: list[Settled] = []
        known: list[Settled] = []
        for line in fresh:
            outcome = settle(line, standing.get(line.id), self._offers, self._at)
            if isinstance(outcome, Refusal):
                self._refuse(line, outcome)
            else:
                (known if outcome.standing else new).append(outcome)
        granted = self._granted([*new, *known])
        self._findings += sorted(self._batch)[: _FINDINGS_SHOWN - len(self._findings)]
        self._batch.clear()
        if not self._bad:
            known = self._ending(known)
            self._note_moves(known)
            self.write(new, known, granted)

    def require_good(self) -> None:
        """Raise `InvalidError` where a line was bad."""
        if self._bad:
            said = f"{counted(self._bad, 'line')} {agreed(self._bad, 'is', 'are')} bad"
            shown = "" if self._bad == len(self._findings) else f", the first {len(self._findings)} shown"
            raise InvalidError(
                f"{said}{shown}; nothing was imported",
                hint="Correct the lines and import again.",
                findings=tuple(self._findings),
            )

    def granted(self, settled: Settled, had: tuple[Grant, ...]) -> tuple[Grant, ...] | Refusal:
        """Return the new grants that a line states, for a client who had these."""
        line, client, was = settled.line, settled.client, settled.standing
        held = self._offers[client.package].definition if settled.begins and was else None
        snapshot = held or lookup.held(self._connection, client)
        mine = kept_on_assignment(had) if settled.begins else had
        recipient = Recipient(
            lookup.seen(client, snapshot, {}, self._at, mine), snapshot, self._catalog, self._at
        )
        return recipient.granted_anew(line.grants, self._by, grants.new_id)

    def write(
        self, new: list[Settled], known: list[Settled], granted: Mapping[str, tuple[Grant, ...]]
    ) -> None:
        """Write what lines were settled to, and what they grant by client."""
        if granted:
            new, known = (
                [_marked(each) if granted.get(each.line.id) else each for each in some]
                for some in (new, known)
            )
        clients.add(self._connection, [each.client for each in new])
        used = [(each.line.id, each.client.package_id, each.line.usage) for each in new if each.line.usage]
        usage.add(self._connection, [StoredUsage(*each) for each in used])
        clients.rewrite(self._connection, [each.client for each in known if each.client != each.standing])
        usage.replace(self._connection, list(self._later_usage(known)))
        self.added += len(new)
        self.updated += len(known)
        deeds = [
            holding_changed(self._kind, each.standing, each.client, lost=each.line.id in self._losing)
            for each in (*new, *(each for each in known if each.moves))
        ]
        if granted:
            given = [(each.client, granted.get(each.line.id, ())) for each in (*new, *known)]
            grants.add(self._connection, (grants.made(who, each) for who, of in given for each in of))
            deeds += [granting(who, who.package, each) for who, of in given for each in of]
        deeds += [
            updated(each.standing, each.client)
            for each in known
            if each.standing is not None and each.standing.status != each.client.status
        ]
        events.record(self._connection, deeds, self._by, self._at, part_of=self._id)

    def _granted(self, settled: list[Settled]) -> dict[str, tuple[Grant, ...]]:
        """Work out what lines grant; refuse those that may not."""
        asking = [each for each in settled if each.line.grants]
        standing = [each.standing for each in asking if each.standing]
        had = grants.of_clients(self._connection, standing, self._at)
        found = {}
        for each in asking:
            new = self.granted(each, had.get(each.line.id, ()))
            if isinstance(new, Refusal):
                self._refuse(each.line, _refused(each.line, new))
            else:
                found[each.line.id] = new
        return found

    def record(self) -> None:
        """Write down the import as a whole, with the digest over all that its lines state."""
        told = {"added": self.added, "updated": self.updated, "lines": self._lines.digest}
        if self._id is not None:
            events.record_import(self._connection, self._id, self._by, self._at, told)

    def _sound(self, batch: list[ClientLine]) -> Iterator[ClientLine]:
        for line in batch:
            refusal = refused_line(line)
            if refusal is None:
                yield line
            else:
                self._refuse(line, refusal)

    def _without_repeated(
        self, batch: list[ClientLine], standing: Collection[str], met: Met
    ) -> Iterator[ClientLine]:
        """Yield lines whose id no line had before. While all are written, a repeated id has a client."""
        suspects = [line.id for line in batch] if self._bad else standing
        seen = met.first_lines(suspects)
        fresh: dict[str, int] = {}
        for line in batch:
            first = seen.get(line.id) or fresh.setdefault(line.id, line.line)
            if first == line.line:
                yield line
            else:
                message = f"client `{line.id}` is on line {first} already"
                self._refuse(line, Refusal("client-duplicate-id", message, "Keep one of the lines."))
        met.note(fresh)

    def _learn_offers(self, lines: list[ClientLine], standing: Iterable[StoredClient]) -> None:
        named = {line.package for line in lines if line.package} | {client.package for client in standing}
        self._offers |= lookup.offers(self._connection, named - self._offers.keys())

    def _ending(self, settled: list[Settled]) -> list[Settled]:
        """Have those whose start alone is another end as their own snapshot says."""
        return [
            replace(each, client=self._ends(each.client)) if each.moves and not each.begins else each
            for each in settled
        ]

    def _ends(self, client: StoredClient) -> StoredClient:
        expiry = lookup.held(self._connection, client).expiry
        return replace(client, expires_at=end_of(expiry, client.assigned_at, client.extended_to))

    def _note_moves(self, settled: list[Settled]) -> None:
        self._losing.clear()
        movers = [(each, each.moves) for each in settled if each.moves]
        used = usage.of_clients(self._connection, [before.id for _, before in movers])
        granted = grants.of_clients(self._connection, [before for _, before in movers], self._at)
        for each, before in movers:
            snapshot, mine = lookup.held(self._connection, before), granted.get(before.id, ())
            client = lookup.seen(before, snapshot, used.get(before.id, {}), self._at, mine)
            after = each.client
            target = self._offers[after.package].definition if each.begins else snapshot
            kept = kept_on_assignment(mine) if each.begins else mine
            if self.moved.note(Moved(client, snapshot, after.package, target, after.expires_at, kept)):
                self._losing.add(after.id)
            if each.begins:
                spent = spent_in_cycle(mine, client.usage, snapshot)
                grants.spend(self._connection, before.id, spent)

    def _later_usage(self, known: list[Settled]) -> Iterator[StoredUsage]:
        touched = [each for each in known if each.begins or each.line.usage]
        used = usage.of_clients(self._connection, [each.line.id for each in touched])
        for each in touched:
            kept = used.get(each.line.id, {})
            if each.begins and each.standing is not None:
                held = lookup.held(self._connection, each.standing)
                kept = carried_over(kept, held, self._catalog)
            stated = each.line.usage or {}
            yield StoredUsage(each.line.id, each.client.package_id, {**kept, **stated})

    def _refuse(self, line: ClientLine, refusal: Refusal) -> None:
        self._bad += 1
        finding = Finding(SOURCE, Position(line.line), refusal.rule, refusal.message, refusal.fix)
        self._batch.append(finding)


def _marked(settled: Settled) -> Settled:
    return replace(settled, client=replace(settled.client, is_granted=True))


def _stated(line: ClientLine) -> dict[str, Any]:
    """Return what a line states, without where it stood."""
    stated = _told(zip(_STATED, _VALUES(line), strict=True))
    if line.grants:
        stated["grants"] = [asdict(each, dict_factory=_told) for each in line.grants]
    return stated


def _told(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {
        name: each.isoformat() if isinstance(each, datetime) else each
        for name, each in items
        if each is not None and each != ()
    }
