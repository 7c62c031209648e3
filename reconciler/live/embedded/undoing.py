"""Taking back what hands did: who still holds what it was given is given back what it held before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.errors import WrongUsageError
from reconciler.live.embedded import lookup
from reconciler.live.embedded.assignments import holding_changed
from reconciler.live.embedded.preconditions import stale
from reconciler.model.english import counted
from reconciler.model.expiry import end_of
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.model.undoing import Undoing
from reconciler.planning.undoing import EDIT, Return, Returns, require_undoable
from reconciler.store import clients, events, packages, runs, usage
from reconciler.store.usage import StoredUsage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from reconciler.model.events import Author, Event
    from reconciler.model.undoing import Returning, Undo, Undone
    from reconciler.store.clients import StoredClient
    from reconciler.store.packages import StoredPackage


@dataclass(slots=True)
class _Stay:
    """How many stay, and why."""

    changed: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class _Back:
    """A client who goes back: as it is, and as it was and will be."""

    now: StoredClient
    then: StoredClient
    seen: Return


def foreseen(connection: Connection, of: Undone, at: datetime) -> Undoing:
    """Return what taking it back would do; raises `WrongUsageError` where it cannot be taken back."""
    source = _Source.found(connection, of)
    event = source.event
    if event is not None and event.kind == EDIT:
        return Undoing(event, package=source.key_now(event.package or ""))
    returns, stay = Returns(at), _Stay()
    for page in source.pages(connection, at, stay):
        for each in page:
            returns.note(each.seen)
    return Undoing(event, returns.told(), None, stay.changed, stay.added)


def carry_out(connection: Connection, undo: Undo, by: Author, at: datetime) -> tuple[Returning, ...]:
    """Take it back, an event per client; raises `StaleError` where more than it may be lose something."""
    returns = Returns(at)
    for page in _Source.found(connection, undo.of).pages(connection, at, _Stay()):
        lost = [returns.note(each.seen) for each in page]
        clients.rewrite_subscriptions(connection, [each.then for each in page])
        used = usage.of_clients(connection, [each.now.id for each in page])
        kept = [StoredUsage(each.now.id, each.then.package_id, used.get(each.now.id, {})) for each in page]
        usage.replace(connection, kept)
        deeds = [
            holding_changed("restore", each.now, each.then, lost=is_loss)
            for each, is_loss in zip(page, lost, strict=True)
        ]
        events.record(connection, deeds, by, at)
    told = returns.told()
    _require_planned(undo, told)
    return told


def _require_planned(undo: Undo, told: Sequence[Returning]) -> None:
    losing, ended = sum(each.losing for each in told), sum(each.ended for each in told)
    if losing > undo.losing or ended > undo.ended:
        planned = f"{counted(undo.losing, 'client')} and {counted(undo.ended, 'subscription')}"
        raise stale([f"at most {planned} were to lose something or to end, not {losing:,} and {ended:,}"])


@dataclass(frozen=True, slots=True)
class _Source:
    """The events of clients that are taken back.

    Attributes:
        at: When they were written.
        names: Of packages at that time, each with the key that it has now.
    """

    of: Undone
    event: Event | None
    at: datetime
    names: Mapping[str, str]

    @classmethod
    def found(cls, connection: Connection, of: Undone) -> _Source:
        """Look it up; raises `WrongUsageError` where it is not there, or cannot be taken back."""
        match of:
            case RunUndone(number):
                run = runs.by_id(connection, number)
                if run is None:
                    raise WrongUsageError(f"there is no run {number}", hint="`history` lists the runs.")
                return cls(of, None, run.at, runs.renamed_since(connection, run.at))
            case EventUndone(id_):
                event = require_undoable(id_, events.by_id(connection, id_))
                return cls(of, event, event.at, runs.renamed_since(connection, event.at))

    def key_now(self, key: str) -> str:
        """Return the key that the package has now which had this one."""
        return self.names.get(key, key)

    def pages(self, connection: Connection, at: datetime, stay: _Stay) -> Iterator[list[_Back]]:
        """Yield those who go back, some hundred at a time."""
        written = (
            events.restored_by(connection, self.of.run)
            if isinstance(self.of, RunUndone)
            else events.parts_of(connection, self.of.event, self.at)
        )
        for page in written:
            there = clients.stored(connection, [each.client for each in page if each.client])
            known = packages.stored(connection, self._keys(page))
            held = [each for each in page if self._is_held(each, there.get(each.client or ""), known)]
            back = [each for each in held if each.before is not None]
            stay.changed += len(page) - len(held)
            stay.added += len(held) - len(back)
            yield self._going(connection, at, [(there[each.client or ""], each) for each in back], known)

    def _keys(self, page: Sequence[Event]) -> set[str]:
        sides = (side for each in page for side in (each.before, each.after) if side)
        return {self.key_now(str(side["package"])) for side in sides}

    def _is_held(self, event: Event, client: StoredClient | None, known: Mapping[str, StoredPackage]) -> bool:
        """Whether the client still holds what it was given, since then."""
        if client is None or event.after is None:
            return False
        package = known.get(self.key_now(str(event.after["package"])))
        given = package and (package.id, event.after["revision"], event.after["assigned_at"])
        return given == (client.package_id, client.revision, client.assigned_at.isoformat())

    def _going(
        self,
        connection: Connection,
        at: datetime,
        page: Sequence[tuple[StoredClient, Event]],
        known: Mapping[str, StoredPackage],
    ) -> list[_Back]:
        used = usage.of_clients(connection, [client.id for client, _ in page])
        held = lookup.all_held(connection, [client for client, _ in page])
        found = []
        for client, event in page:
            before: Mapping[str, Any] = event.before or {}
            package, revision = known[self.key_now(before["package"])], int(before["revision"])
            target = packages.definition(connection, package.id, revision)
            if target is None:
                raise LookupError(f"package {package.head.key} has no revision {revision}")
            start = datetime.fromisoformat(before["assigned_at"])
            extended_to = (
                None if before.get("extended_to") is None else datetime.fromisoformat(before["extended_to"])
            )
            ends = end_of(target.expiry, start, extended_to)
            then = replace(
                client,
                package_id=package.id,
                package=package.head.key,
                revision=revision,
                assigned_at=start,
                expires_at=ends,
                extended_to=extended_to,
            )
            snapshot = held[client.digest]
            seen = lookup.seen(client, snapshot, used.get(client.id, {}), at)
            found.append(
                _Back(client, then, Return(seen, snapshot, package.head.key, revision, target, ends))
            )
        return found
