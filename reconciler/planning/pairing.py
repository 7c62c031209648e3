"""Desired against live: which packages differ, and by which action they become equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.packages import DesiredPackage, RevisionRef, Rollout, Stated
from reconciler.model.plans import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.capabilities import Snapshots
    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import Moved, Parking
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.transfers import Returning, Transfers
    from reconciler.planning.selection import Selection


class Pair(Struct, frozen=True):
    """One package on both sides. At least one side is there.

    Attributes:
        desired: None where no file speaks of the live package.
        head: None where the platform has no such package.
        stays_unmanaged: Whether a package made by hand is written and stays that: an edit is rolled back.
    """

    desired: DesiredPackage | None
    head: PackageHead | None
    stays_unmanaged: bool = False

    @property
    def key(self) -> str:
        """The package's key once the plan is applied."""
        return self.desired.key if self.desired else self.live_key

    @property
    def live_key(self) -> str:
        """The package's key on the platform now; its future key where it is not there yet."""
        return self.head.key if self.head else self.key

    @property
    def is_renamed(self) -> bool:
        """Whether the file gives a live package another key (rule 13)."""
        return self.key != self.live_key

    @property
    def is_vanished(self) -> bool:
        """Whether the file of a live, managed, unarchived package is gone (rule 8)."""
        return self.desired is None and self.head is not None and self.head.managed and not self.head.archived

    @property
    def current(self) -> RevisionRef | None:
        """The live package's current revision."""
        return RevisionRef(self.head.key, self.head.revision) if self.head else None


class Return(Struct, frozen=True):
    """Clients whom a run reassigned go back to the revision that they came from."""

    pair: Pair
    run: int
    moved: Moved

    @property
    def refs(self) -> tuple[RevisionRef, ...]:
        """Where they were, where they are, and what is current."""
        numbers = (self.moved.from_revision, self.moved.to_revision)
        moved = tuple(RevisionRef(self.moved.key, number) for number in numbers)
        return (*moved, self.pair.current) if self.pair.current else moved


class Pairing(Struct, frozen=True):
    """All packages of both sides.

    Attributes:
        differing: Pairs that may need a change, by key.
        equal: Pairs that need none.
        unmanaged: Keys of live packages made by hand that no file adopts, sorted (rule 9).
        returns: Reassignments to take back.
        transfers: Who comes to hold something else one by one: what hands did is taken back, or they move.
        catalog: What the catalog is to be; None where the plan is not about it.
        only: What of all this is planned; None: everything.
        snapshots: What the platform keeps of an assignment.
        notices: What a reader of the plan should know about how it was paired.
        left: What a rollback parked, and would be due.
        released: What a rollback had parked, and whose file is another one now.
    """

    differing: tuple[Pair, ...]
    equal: tuple[Pair, ...] = ()
    unmanaged: tuple[str, ...] = ()
    returns: tuple[Return, ...] = ()
    transfers: Transfers | None = None
    catalog: Catalog | None = None
    only: Selection | None = None
    snapshots: Snapshots = "assignment"
    notices: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    released: tuple[Parking, ...] = ()

    @property
    def back(self) -> tuple[Returning, ...]:
        """Who comes to hold something else one by one."""
        due = self.transfers.returns if self.transfers else ()
        return tuple(each for each in due if self.moves((each.package, each.to_revision)))

    @property
    def reaches_everybody(self) -> bool:
        """Whether an edit reaches every holder, reassigned or not."""
        return self.snapshots != "assignment"

    def takes(self, key: str) -> bool:
        """Whether the change of a package is planned."""
        return self.only is None or key in self.only.packages

    def moves(self, step: tuple[str, int | None]) -> bool:
        """Whether the holders of a package move to a revision where they are due to."""
        if self.reaches_everybody:
            return self.takes(step[0])
        return self.only is None or step in self.only.moves


def paired(desired: Mapping[str, DesiredPackage], heads: Iterable[PackageHead]) -> Pairing:
    """Pair both sides by key, and by `renamed_from` where an old key is live and the new one is not.

    Equal ones are found by digest alone, so that only definitions that differ need to be read.
    """
    live = {head.key: head for head in heads}
    pairs = sorted(_pairs(desired, live), key=lambda pair: pair.key)
    speaking = [pair for pair in pairs if pair.desired or pair.is_vanished]
    unmanaged = tuple(key for key, head in sorted(live.items()) if not head.managed and key not in desired)
    sides: dict[bool, list[Pair]] = {True: [], False: []}
    for pair in speaking:
        sides[is_equal(pair)].append(pair)
    return Pairing(differing=tuple(sides[False]), equal=tuple(sides[True]), unmanaged=unmanaged)


def by_hand(
    head: PackageHead, live: Definition, desired: DesiredPackage | None, clients: Iterable[str] | None
) -> Pairing:
    """Return the pairing of a reassignment by hand: one package as it is live, its holders to be moved.

    Args:
        head: The package.
        live: Its current definition.
        desired: What its file says, for the acknowledgements; None where it has no file.
        clients: Ids of those to move; None for all on older revisions.
    """
    only = None if clients is None else tuple(sorted(set(clients)))
    rollout = Rollout(existing_clients="reassign", only=only)
    as_live = DesiredPackage(head.key, Stated(live), file="", states_emails=True, archived=head.archived)
    if desired:
        as_live = replace(as_live, file=desired.file, acknowledgements=desired.acknowledgements)
    return Pairing(differing=(), equal=(Pair(replace(as_live, rollout=rollout), head),))


def _pairs(desired: Mapping[str, DesiredPackage], live: Mapping[str, PackageHead]) -> Iterator[Pair]:
    taken: set[str] = set()
    for key, package in desired.items():
        former = (old for old in package.renamed_from if old in live and old not in desired)
        live_key = key if key in live else next(former, key)
        taken.add(live_key)
        yield Pair(package, live.get(live_key))
    yield from (Pair(None, live[key]) for key in live.keys() - taken)


def is_equal(pair: Pair) -> bool:
    """Whether the file says what is live, as far as digests tell."""
    desired, head = pair.desired, pair.head
    if desired is None or head is None or pair.is_renamed:
        return False
    return head.managed and head.archived == desired.archived and head.digest == desired.stated.digest


def effective(desired: DesiredPackage, live: Definition | None) -> Definition:
    """Return the definition that the file means, given what is live.

    A file that leaves `allowed_emails` out does not open a package that is restricted (rule 12).
    """
    if live is None or desired.states_emails or live.allowed_emails is None:
        return desired.definition
    return replace(desired.definition, allowed_emails=live.allowed_emails)


def action_of(pair: Pair) -> Action:
    """Return the action that makes both sides equal."""
    desired, head = pair.desired, pair.head
    if head is None:
        return Action.CREATE
    if desired is None or (desired.archived and not head.archived):
        return Action.ARCHIVE
    if head.archived and not desired.archived:
        return Action.RESTORE
    return Action.RENAME if pair.is_renamed else Action.UPDATE
