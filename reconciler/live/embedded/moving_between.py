"""Moving clients between packages (rule 16): who holds the one and may have the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BlockedError, WrongUsageError
from reconciler.live.embedded import lookup
from reconciler.live.embedded.assignments import assigned, holding_of
from reconciler.live.embedded.crossing import Crossing
from reconciler.live.rules import carried_over, refused_assignment
from reconciler.model.expiry import end_of
from reconciler.model.grants import kept_on_assignment, kept_on_reassignment, spent_in_cycle
from reconciler.planning.transfers import Return
from reconciler.store import clients, grants, meta, usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.live.embedded.crossing import Stay
    from reconciler.live.embedded.lookup import Offer
    from reconciler.model.catalog import Catalog
    from reconciler.model.clients import Client
    from reconciler.model.grants import Grant
    from reconciler.model.packages import Definition
    from reconciler.model.plans import ClientsMoved, TermAfter
    from reconciler.store.clients import StoredClient
    from reconciler.store.packages import StoredPackage


class Between(Struct, frozen=True):
    """A move, and both of its packages.

    Attributes:
        catalog: The live one; None where none was ever applied.
    """

    of: ClientsMoved
    source: StoredPackage
    offer: Offer
    catalog: Catalog | None

    @classmethod
    def found(cls, connection: Connection, of: ClientsMoved) -> Between:
        """Look both up; raises `WrongUsageError` where one is not there, `BlockedError` of rule 8."""
        if of.package == of.to_package:
            hint = "Leave --from and --to out to move them to its current revision."
            raise WrongUsageError(f"they hold `{of.package}` already", hint=hint)
        source, offer = lookup.package(connection, of.package), lookup.offer(connection, of.to_package)
        if offer.package.head.archived:
            raise BlockedError(
                f"package `{of.to_package}` is archived: nobody is moved to it (rule 8)",
                hint="Restore it first, or move them to another package.",
            )
        return cls(of, source, offer, meta.catalog(connection))

    def pages(self, connection: Connection, at: datetime, stay: Stay) -> Iterator[list[Crossing]]:
        """Yield those who move, some hundred at a time; raises `WrongUsageError` of who is no client."""
        for page in self._holders(connection, at, stay):
            movers = [each for each in page if self._is_allowed(each)]
            stay.barred += len(page) - len(movers)
            used = usage.of_clients(connection, [each.id for each in movers])
            held = lookup.all_held(connection, movers)
            granted = grants.of_clients(connection, movers, at)
            shown = (
                lookup.seen(each, held[each.digest], used.get(each.id, {}), at, granted.get(each.id, ()))
                for each in movers
            )
            yield [
                self._crossing(each, seen, held[each.digest], at)
                for each, seen in zip(movers, shown, strict=True)
            ]

    def _holders(self, connection: Connection, at: datetime, stay: Stay) -> Iterator[Sequence[StoredClient]]:
        if self.of.clients is None:
            yield from clients.active_pages(connection, self.source.id, at)
            return
        for page in clients.named_pages(connection, self.of.clients):
            for missing in (id_ for id_, client in page.items() if client is None):
                lookup.client(connection, missing)
            holders = [each for each in page.values() if each and each.package_id == self.source.id]
            stay.changed += len(page) - len(holders)
            yield holders

    def _is_allowed(self, client: StoredClient) -> bool:
        head = self.offer.package.head
        return refused_assignment(head, self.offer.definition, client.owner_email) is None

    def _crossing(self, now: StoredClient, seen: Client, snapshot: Definition, at: datetime) -> Crossing:
        then = assigned(now, holding_of(self.offer, at))
        if self.of.keeps_term:
            then, kept = self._going_on(now, then), kept_on_reassignment(seen.grants)
            return Crossing(now, then, self._return(then, seen, snapshot, kept, "kept"), seen.usage)
        move = self._return(then, seen, snapshot, kept_on_assignment(seen.grants), "new")
        used = carried_over(seen.usage, snapshot, self.catalog)
        return Crossing(now, then, move, used, spent_in_cycle(seen.grants, seen.usage, snapshot))

    def _going_on(self, now: StoredClient, then: StoredClient) -> StoredClient:
        """Return the client with the package that it holds then, from the same start, in the same cycle."""
        return replace(
            then,
            assigned_at=now.assigned_at,
            extended_to=now.extended_to,
            expires_at=end_of(self.offer.definition.expiry, now.assigned_at, now.extended_to),
            cycle=now.cycle,
            assignment=now.assignment,
        )

    def _return(
        self,
        then: StoredClient,
        seen: Client,
        snapshot: Definition,
        kept: tuple[Grant, ...],
        term: TermAfter,
    ) -> Return:
        where = then.package, then.revision, self.offer.definition, then.expires_at
        return Return(seen, snapshot, *where, kept, term)
