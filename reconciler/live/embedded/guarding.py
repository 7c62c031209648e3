"""What protects clients, judged again within the transaction, whatever the sender judged.

That an acknowledgement was committed is the sender's word. That each loss has one, and that no more clients
lose by it than it says, is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.errors import BlockedError
from reconciler.live.embedded import losses
from reconciler.model.changesets import ArchiveWrite, PackageWrite
from reconciler.model.english import counted
from reconciler.model.terms import Term
from reconciler.planning.guards import LOSSES_COUNT_FOR, most_losing, too_many_losing
from reconciler.planning.loosening import GuardPair
from reconciler.planning.outcomes import alone_in, archival, taken_by
from reconciler.planning.outcomes import losses as losses_of
from reconciler.store import packages, subscriptions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.changesets import ChangeSet
    from reconciler.model.losses import Entry
    from reconciler.model.packages import Definition
    from reconciler.model.settings import Guards
    from reconciler.model.transfers import Returning
    from reconciler.planning.outcomes import Outcome
    from reconciler.store.packages import StoredPackage

_AGAIN: Final = (
    "The platform judges this itself, by the strictest guards of the last apply, this one and its server."
)


class Edit(Struct, frozen=True):
    """One package that is written.

    Attributes:
        before: The package, where there was one.
        after: What it becomes; None where it keeps its definition.
        archives: Whether it was not archived before and is so after.
    """

    key: str
    before: StoredPackage
    after: Definition | None
    archives: bool


def edits_of(change_set: ChangeSet, known: Mapping[str, StoredPackage]) -> Iterator[Edit]:
    """Yield what a change set writes of the packages that there are."""
    for write in change_set.writes:
        before = known.get(write.origin)
        if write.expected_version is not None and before is not None:
            was_sold = not before.head.archived
            match write:
                case ArchiveWrite():
                    yield Edit(write.key, before, None, was_sold)
                case PackageWrite():
                    yield Edit(write.key, before, write.definition, write.archived and was_sold)


class Judge(Struct, frozen=True):
    """The guards that what is written must keep.

    Attributes:
        guards: Of each the strictest one.
        holders: Clients with an active subscription, before anything is written.
        allowed: The waivers, as `GUARD:KEY`.
        entries: The acknowledgements by which the sender let losses pass.
        by_hand: Whether this is an edit by hand, which nothing lets pass.
    """

    guards: Guards
    holders: int
    at: datetime
    allowed: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    by_hand: bool = False

    def of_edits(self, connection: Connection, edits: Sequence[Edit], run_id: int | None = None) -> None:
        """Raise `BlockedError` where what was written of packages, in a run or by hand, is beyond a guard."""
        self._require_few_archived([edit.key for edit in edits if edit.archives])
        counts_kept = self.guards.acknowledge == "touching"
        held = (
            subscriptions.holdings(connection, [edit.key for edit in edits], self.at) if counts_kept else {}
        )
        features = losses.features_of(connection, run_id)
        for edit in edits:
            taken = tuple(alone_in(tuple(_taken(connection, edit, self.at)), features.get))
            if taken:
                self._require_unprotected(edit.before.head.key)
            for outcome in taken if held.get(edit.key) else ():
                self._require_stated(edit.key, outcome)

    def of_moves(self, connection: Connection, run_id: int, origins: Mapping[str, str]) -> None:
        """Raise `BlockedError` where those whom the run moved lose beyond a guard.

        `origins` are the keys that packages had before the run.
        """
        losing = losses.by_package(connection, run_id)
        for key, outcomes in losing.items():
            self._require_unprotected(origins.get(key, key))
            for outcome in outcomes if self.guards.acknowledge != "never" else ():
                self._require_stated(key, outcome)
        unwaived = [key for key in losing if not self._lets_pass("clients_losing", key)]
        if unwaived:
            self._require_few_losing(connection, run_id, unwaived)

    def of_transfers(self, connection: Connection, told: Sequence[Returning]) -> None:
        """Raise `BlockedError` where those who came to hold something else one by one lose beyond a guard.

        What is done to one client alone is not judged (rule 16).
        """
        losing = {each.package for each in told if each.losing}
        for key in sorted(losing):
            self._require_unprotected(key)
        unwaived = sorted(key for key in losing if not self._lets_pass("clients_losing", key))
        if unwaived and sum(each.clients for each in told) > 1:
            waived = sum(each.losing for each in told if each.package not in unwaived)
            self._require_few(self._lately(connection) - waived, unwaived[0])

    def _require_few_archived(self, keys: Sequence[str]) -> None:
        bound = self.guards.archives
        unwaived = [key for key in keys if not self._lets_pass("archives", key)]
        if bound != "unlimited" and len(unwaived) > bound:
            what = f"{counted(len(keys), 'package')} would be archived at once; the bound is {bound}."
            raise self._blocked("archives", unwaived[0], what)

    def _require_unprotected(self, key: str) -> None:
        if key in self.guards.protected and not self._lets_pass("protected", key):
            raise self._blocked("protected", key, f"{key} is protected, and this takes something from it.")

    def _require_stated(self, key: str, outcome: Outcome) -> None:
        """Hold that a loss is acknowledged; how many clients may lose it is held by the bounds."""
        verb = outcome.code.row.acknowledged_by
        term = Term("", key) if verb == "archives" else outcome.term
        own = [each for each in self.entries if each.package == key]
        is_stated = any(
            (each.verb, each.term) == (verb, str(term))
            or taken_by(each.verb, each.term, [outcome], self.at) is not None
            for each in own
        )
        if verb is not None and not is_stated and not self._lets_pass("acknowledge", key):
            what = f"clients of {key} are touched by `{verb}: {term}`, which no acknowledgement states."
            raise self._blocked("acknowledge", key, what)

    def _require_few_losing(self, connection: Connection, run_id: int, unwaived: Sequence[str]) -> None:
        waived = {each.partition(":")[2] for each in self.allowed if each.startswith("clients_losing:")}
        self._require_few(self._lately(connection, (run_id, waived)), unwaived[0])

    def _lately(self, connection: Connection, waived: tuple[int, Collection[str]] = (0, ())) -> int:
        return losses.lost_since(connection, self.at - LOSSES_COUNT_FOR, waived=waived).clients

    def _require_few(self, total: int, key: str) -> None:
        bound = self.guards.clients_losing
        most = most_losing(bound, self.holders)
        if most is not None and total > most:
            what = too_many_losing(total, "this apply", bound, self.holders, earlier=True)
            raise self._blocked("clients_losing", key, what)

    def _lets_pass(self, guard: str, key: str) -> bool:
        return f"{guard}:{key}" in self.allowed

    def _blocked(self, guard: str, key: str, what: str) -> BlockedError:
        way = f"Let it pass once with --allow {guard}:{key}."
        way = "Change its file and apply that: an apply can let it pass." if self.by_hand else way
        return BlockedError(f"nothing was written, {guard} blocks {key}: {what}", hint=f"{_AGAIN} {way}")


def strictest(several: Sequence[Guards | None], holders: int) -> Guards | None:
    """Return of each guard the strictest one; None where there are none at all."""
    found: Guards | None = None
    for each in several:
        found = found if each is None else GuardPair(found, each).stricter(holders)
    return found


def _taken(connection: Connection, edit: Edit, at: datetime) -> Iterator[Outcome]:
    """Yield what the write takes of what the package granted."""
    head = edit.before.head
    former = packages.definition(connection, edit.before.id, head.revision)
    if former is None:
        return
    if edit.archives:
        yield archival({head.revision: former}, former)
    if edit.after is not None:
        yield from losses_of({head.revision: former}, edit.after, at)
