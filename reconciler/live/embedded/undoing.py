"""What hands did, to be taken back: who still holds what it was given, and what it held before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.live.embedded import lookup, readjusting
from reconciler.live.embedded.crossing import Crossing
from reconciler.model.expiry import end_of
from reconciler.model.grants import kept_on_reassignment
from reconciler.model.plans import EventUndone, RunUndone
from reconciler.planning.transfers import Return, require_undoable
from reconciler.store import clients, events, grants, packages, runs, usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from reconciler.live.embedded.crossing import Stay
    from reconciler.model.events import Event
    from reconciler.store.clients import StoredClient
    from reconciler.store.packages import StoredPackage


class Past(Struct, frozen=True):
    """The events of clients that are taken back.

    Attributes:
        at: When they were written.
        names: Of packages at that time, each with the key that it has now.
    """

    of: EventUndone | RunUndone
    event: Event | None
    at: datetime
    names: Mapping[str, str]

    @classmethod
    def found(cls, connection: Connection, of: EventUndone | RunUndone) -> Past:
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

    def pages(self, connection: Connection, at: datetime, stay: Stay) -> Iterator[list[Crossing]]:
        """Yield those who go back, some hundred at a time."""
        written = (
            events.changed_by(connection, self.of.run)
            if isinstance(self.of, RunUndone)
            else events.parts_of(connection, self.of.event, self.at)
        )
        for page in written:
            there = clients.stored(connection, [each.client for each in page if each.client])
            of_holdings = [each for each in page if not each.is_beside]
            yield [*self._beside(connection, [each for each in page if each.is_beside], there, at, stay)]
            known = packages.stored(connection, self._keys(of_holdings))
            held = [each for each in of_holdings if self._is_held(each, there.get(each.client or ""), known)]
            back = [each for each in held if each.before is not None]
            stay.changed += len(of_holdings) - len(held)
            stay.added += len(held) - len(back)
            yield self._going(connection, at, [(there[each.client or ""], each) for each in back], known)

    def _beside(
        self,
        connection: Connection,
        page: Sequence[Event],
        there: Mapping[str, StoredClient],
        at: datetime,
        stay: Stay,
    ) -> Iterator[Crossing]:
        """Yield who gets back or gives back a grant or an extension; raises `BlockedError` of one event."""
        for event in page:
            found = readjusting.taken_back(connection, event, there.get(event.client or ""), at)
            if isinstance(found, Crossing):
                yield found
            elif self.event is None:
                stay.changed += 1
            else:
                hint = "`clients show` and `history --client` say what there is now."
                raise BlockedError(
                    f"event {event.id} ({event.kind}) cannot be taken back: {found}", hint=hint
                )

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
    ) -> list[Crossing]:
        some = [client for client, _ in page]
        used = usage.of_clients(connection, [client.id for client in some])
        held, granted = lookup.all_held(connection, some), grants.of_clients(connection, some, at)
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
            had = granted.get(client.id, ())
            seen = lookup.seen(client, snapshot, used.get(client.id, {}), at, had)
            kept = kept_on_reassignment(had)
            back = Return(seen, snapshot, package.head.key, revision, target, ends, kept)
            found.append(Crossing(client, then, back, seen.usage))
        return found
