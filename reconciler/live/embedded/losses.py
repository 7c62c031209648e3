"""What clients lost before, worked out from the reassignments that the runs recorded."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.catalog import Catalog
from reconciler.model.english import counted, instant
from reconciler.model.losses import Entry, InForce, Lost
from reconciler.model.packages import RevisionRef
from reconciler.model.questions import AfterMove, EndedToo, LostSince, LostUnder
from reconciler.model.terms import EXPIRY, Code, Term
from reconciler.planning.outcomes import Held, Outcome, alone_in, ended_grants, losses, starts_of, taken_by
from reconciler.store import acknowledgements, events, grants, meta, moves, packages, runs, subscriptions
from reconciler.store.moves import Taken
from reconciler.store.parts import Pair, Part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.changesets import ChangeSet
    from reconciler.model.losses import Bounds, Known
    from reconciler.model.packages import Definition
    from reconciler.model.questions import ClientQuestion, Condition
    from reconciler.planning.outcomes import Starts
    from reconciler.store.acknowledgements import Stored
    from reconciler.store.clients import StoredClient
    from reconciler.store.moves import Step
    from reconciler.store.packages import StoredPackage


_ENDS: Final = ("expiry", "subscriptions")
_SPARED_AS: Final[Mapping[str, str]] = {"shortens": "expiry", "ends": "subscriptions"}


def in_force(connection: Connection, at: datetime) -> tuple[InForce, ...]:
    """Return the entries of the last applied run, with what was lost under each so far."""
    known = _Known.of(connection, acknowledgements.every(connection), at)
    return tuple(known.judged(each, connection) for each in known.entries)


def lost_since(
    connection: Connection, since: datetime, *, waived: tuple[int, Collection[str]] = (0, ())
) -> Lost:
    """Count the distinct clients who lost anything since an instant and were not restored by a rollback.

    Hands and imports count like runs. What the `waived` run took from holders of these packages does not.
    """
    parts = _parts_since(connection, since, waived)
    there = moves.distinct_clients(connection, parts, events.losers(since))
    return Lost(there + events.forgotten_losers(connection, since))


def known_to_questions(
    connection: Connection, questions: Iterable[ClientQuestion], at: datetime
) -> Mapping[tuple[str, Condition], Sequence[Part]]:
    """Return who lost before what conditions of the questions speak of, by package and condition."""
    asked = {(each.package, condition) for each in questions for condition in each.conditions}
    since = {(key, each) for key, each in asked if isinstance(each, LostSince)}
    under = {(key, each) for key, each in asked if isinstance(each, LostUnder)}
    since_when = {each.instant: _parts_since(connection, each.instant) for _, each in since}
    return {
        **{(key, each): since_when[each.instant] for key, each in since},
        **(_parts_under(connection, under, at) if under else {}),
    }


def _parts_under(
    connection: Connection, asked: Iterable[tuple[str, LostUnder]], at: datetime
) -> Mapping[tuple[str, Condition], Sequence[Part]]:
    of = {(key, each.verb, each.term): (key, each) for key, each in asked}
    entries = tuple(each for each in acknowledgements.every(connection) if _which(each) in of)
    known = _Known.of(connection, entries, at)
    return {of[_which(each)]: _parts(each, known.taken, known.spared) for each in entries}


def _parts_since(
    connection: Connection, since: datetime, waived: tuple[int, Collection[str]] = (0, ())
) -> list[Part]:
    """Return from whom runs took anything since an instant."""
    first = runs.first_since(connection, since)
    pairs = moves.since(connection, first) if first is not None else ()
    those = [each for each in pairs if each.run != waived[0] or each.package not in waived[1]]
    spared, ended = (_with_effects(connection, first, is_loss=each) for each in (False, True))
    definitions = _definitions(connection, pairs)
    parts = [
        Part(pair, starts, _is_restored(pair, pairs), term)
        for pair in those
        for starts, term in _of_any(_felt(pair, definitions), has_spared=_place(pair) in spared)
    ]
    parts += [
        Part(pair, restored=_is_restored(pair, pairs), ended=True) for pair in those if _place(pair) in ended
    ]
    return parts


def by_package(connection: Connection, run_id: int) -> Mapping[str, tuple[Outcome, ...]]:
    """Return what a run took from those whom it moved, by the package's key; nothing of who lost nothing."""
    pairs = tuple(each for each in moves.since(connection, run_id) if each.run == run_id)
    definitions, features = _definitions(connection, pairs), features_of(connection, run_id)
    spared = _with_effects(connection, run_id if pairs else None, is_loss=False)
    found: dict[str, tuple[Outcome, ...]] = {}
    for pair in pairs:
        taken = _taken(pair, definitions, features, spared)
        felt = tuple(each for each in taken if _is_felt(connection, pair, each, _place(pair) in spared))
        if felt:
            found[pair.package] = (*found.get(pair.package, ()), *felt)
    targets = {(pair.package, pair.from_revision): definitions[_target(pair)] for pair in pairs}
    for key, number, term in moves.terms_ended(connection, run_id) if pairs else ():
        after, of = targets[key, number], {number: Held(None)}
        found[key] = (
            *found.get(key, ()),
            Outcome(Code.GRANT_ENDED, Term.named(term), of, None, after),
        )
    return found


def _target(pair: Pair) -> RevisionRef:
    return RevisionRef(pair.package, pair.to_revision)


def _is_felt(connection: Connection, pair: Pair, loss: Outcome, has_spared: bool) -> bool:  # noqa: FBT001 - of the pair
    """Whether anybody whom the run moved lost it: by when they started, and by what they keep beside."""
    part = Part(pair, starts_of(loss), term=str(loss.term) if has_spared else None, kept=_kept(loss))
    return part == Part(pair) or moves.is_of_any(connection, part)


def keep(
    connection: Connection, change_set: ChangeSet, run_id: int, before: Mapping[str, StoredPackage]
) -> None:
    """Note the acknowledgements that let something pass, and all of the files, if files are applied."""
    origins = {write.key: write.origin for write in change_set.writes}
    was = {key: before[origin].head.revision if origin in before else 0 for key, origin in origins.items()}
    if change_set.acknowledgements is not None:
        acknowledgements.forget_others(connection, change_set.acknowledgements)
    for stated in (change_set.bounds.entries, change_set.acknowledgements or ()):
        acknowledgements.keep(connection, stated, run_id, was)


def note_effects(
    connection: Connection, step: Step, who: ClientQuestion, target: Definition, at: datetime
) -> None:
    """Write down who keeps by grants or extensions what a step takes, and who loses with grants that end.

    Whose subscription had ended, and goes on by the step, had nothing that it could take.
    """
    granted = grants.terms(connection, [who.package], at).get(who.package, {})
    resumes = EndedToo() in who.conditions
    if not granted and not resumes:
        return
    held = packages.definitions(connection, {RevisionRef(who.package, each) for each in who.revisions})
    by_number = {ref.revision: definition for ref, definition in held.items()}
    found = losses(by_number, target, at, granted)
    taken = {
        Taken(number, each.only.term, each.only.held, each.only.left, loss.code is Code.GRANT_ENDED)
        for loss in (*found, *ended_grants(by_number, target, granted, found))
        for number, each in loss.held.items()
        if isinstance(each.only, AfterMove)
    }
    ends = (each for each in found if each.term == EXPIRY and str(EXPIRY) in granted)
    taken |= {Taken(number, term) for each in ends for number in each.held for term in _ENDS}
    moves.note_effects(connection, step, sorted(taken), at)
    if resumes:
        terms = {(number, term) for loss in found for number in loss.held for term in _terms_of(loss)}
        moves.note_resumed(connection, step, sorted(terms), at)


def _terms_of(loss: Outcome) -> tuple[str, ...]:
    """Return by what names effects speak of a loss."""
    return _ENDS if str(loss.term) in _ENDS else (str(loss.term),)


def beyond(connection: Connection, bounds: Bounds, at: datetime) -> Iterator[str]:
    """Say which bounds do not hold of what was lost by now."""
    most = {(each.package, each.verb, each.term): each.clients for each in bounds.entries}
    entries = (each for each in acknowledgements.every(connection) if _which(each) in most)
    known = _Known.of(connection, tuple(entries), at)
    for each in known.entries:
        lost = known.lost(each, connection)
        if lost > most[_which(each)]:
            what = f"`{each.verb}: {each.term}` of {each.package}"
            bound = counted(most[_which(each)], "client")
            yield f"{what}: at most {bound} may lose it, and it would be {lost:,}"
    if bounds.lately is not None:
        lost = lost_since(connection, bounds.lately.since).clients
        if lost > bounds.lately.clients:
            most_lately = counted(bounds.lately.clients, "client")
            since = instant(bounds.lately.since.astimezone(UTC))
            yield f"at most {most_lately} may lose something since {since}, not {lost:,}"


def count_on(connection: Connection, client: StoredClient) -> datetime | None:
    """Have a client who is about to be erased count on under the entries by which it lost something.

    Returns when it last lost anything that no rollback gave back.
    """
    pairs = moves.of_whom(connection, client.id)
    definitions = _definitions(connection, pairs)
    features = features_of(connection, min((each.run for each in pairs), default=None))
    spared = {_place(pair) for pair in pairs}
    taken = {pair: _taken(pair, definitions, features, spared) for pair in pairs}
    for entry in acknowledgements.every(connection):
        parts = _parts(entry, taken, spared)
        if parts and moves.is_among(connection, client.id, parts):
            acknowledgements.count_erased(connection, entry)
    by_run = (each.at for each in pairs if _has_lost(connection, client.id, each, pairs, definitions))
    known = (next(by_run, None), events.last_loss(connection, client.number))
    return max((each for each in known if each is not None), default=None)


def _has_lost(
    connection: Connection,
    client_id: str,
    pair: Pair,
    pairs: Collection[Pair],
    definitions: Mapping[RevisionRef, Definition],
) -> bool:
    """Whether a client lost something by a move, and nothing moved it back."""
    back = _is_restored(pair, pairs)
    felt = _of_any(_felt(pair, definitions), has_spared=True)
    by_package = (Part(pair, starts, back, term) for starts, term in felt)
    with_grants = Part(pair, restored=back, ended=True)
    return moves.is_among(connection, client_id, [*by_package, with_grants])


def spend(connection: Connection, at: datetime) -> None:
    """Mark the entries under which nobody is left to lose anything."""
    known = _Known.of(connection, acknowledgements.every(connection), at)
    acknowledgements.spend(connection, (each for each in known.entries if known.is_spent(each)))


class _Known(Struct, frozen=True):
    """What is read once for all entries.

    Attributes:
        taken: What moves between two revisions took, of each such pair since the first of the entries.
        spared: Where somebody kept something by a grant or an extension.
        left: Revisions per package that somebody holds whose subscription has not ended.
        features: Of limits, which feature each goes with, also by catalogs from before those runs.
    """

    entries: tuple[Stored, ...]
    taken: Mapping[Pair, Collection[Outcome]]
    spared: Collection[tuple[int, int, int]]
    left: Mapping[str, Collection[int]]
    definitions: Mapping[RevisionRef, Definition]
    heads: Mapping[str, StoredPackage]
    features: Mapping[str, str]
    at: datetime

    @classmethod
    def of(cls, connection: Connection, entries: tuple[Stored, ...], at: datetime) -> _Known:
        keys = {each.package for each in entries}
        ids = {each.package_id for each in entries}
        first = min((each.since_run for each in entries), default=None)
        pairs = moves.since(connection, first) if first is not None else ()
        pairs = tuple(each for each in pairs if each.package_id in ids)
        heads = packages.stored(connection, keys)
        left = subscriptions.unended(connection, keys, at)
        refs = {RevisionRef(key, number) for key, numbers in left.items() for number in numbers}
        refs |= {RevisionRef(key, package.head.revision) for key, package in heads.items()}
        refs |= {RevisionRef(each.package, each.since_revision) for each in entries}
        definitions = {**_definitions(connection, pairs), **packages.definitions(connection, refs)}
        features = features_of(connection, first)
        spared = _with_effects(connection, first, is_loss=False)
        taken = {pair: _taken(pair, definitions, features, spared) for pair in pairs}
        return cls(entries, taken, spared, left, definitions, heads, features, at)

    def judged(self, entry: Stored, connection: Connection) -> InForce:
        stated = Entry(entry.package, entry.verb, entry.term, entry.clients, entry.until)
        return InForce(stated, self.lost(entry, connection), self.is_spent(entry))

    def lost(self, entry: Stored, connection: Connection) -> int:
        """Count the distinct clients who ever lost by the entry."""
        return moves.distinct_clients(connection, _parts(entry, self.taken, self.spared)) + entry.erased

    def is_spent(self, entry: Stored) -> bool:
        """Whether what it names is gone, and nobody is left to lose it, suspended holders included.

        Who holds a package keeps it when it is archived or allowed to fewer, so that nobody is left then.
        """
        if entry.is_spent:
            return True
        if entry.verb == "archives":
            return self.heads[entry.package].head.archived
        former = {
            entry.since_revision,
            *(part.pair.from_revision for part in _parts(entry, self.taken, self.spared)),
        }
        left = self.left.get(entry.package, ()) if entry.verb != "narrows" else ()
        is_gone = any(self._takes(entry, number) for number in former)
        return is_gone and not any(self._takes(entry, number) for number in left)

    def _takes(self, entry: Stored, number: int) -> bool:
        """Whether the current revision may take it from holders of this one.

        A limit may also where its feature goes: from whoever keeps that by a grant.
        """
        current = self.heads[entry.package].head.revision
        pair = Pair(0, self.at, entry.package_id, entry.package, number, current)
        return taken_by(entry.verb, entry.term, _losses(pair, self.definitions), pair.at) is not None


def _parts(
    entry: Stored, taken: Mapping[Pair, Collection[Outcome]], spared: Collection[tuple[int, int, int]]
) -> list[Part]:
    """Return whom the moves since the entry's first run took from what it names."""
    parts = []
    for pair, found in taken.items():
        if pair.package_id == entry.package_id and pair.run >= entry.since_run:
            starts = taken_by(entry.verb, entry.term, found, pair.at)
            over = taken_by("ends", "", found, pair.at) if entry.verb == "shortens" else None
            if over is not None and _place(pair) in spared:  # an extension lets it go on, and end earlier
                parts.append(Part(pair, over, term="expiry", kept="subscriptions"))
            if starts is not None:
                term = _SPARED_AS.get(entry.verb, entry.term)
                named = (
                    each for each in found if taken_by(entry.verb, entry.term, [each], pair.at) is not None
                )
                kept = next(filter(None, map(_kept, named)), None)
                parts.append(Part(pair, starts, term=term if _place(pair) in spared else None, kept=kept))
    return parts


def _kept(loss: Outcome) -> str | None:
    """Return what only those have kept by a grant whom the loss concerns."""
    return next((each.also.term for each in loss.held.values() if each.also), None)


def _with_effects(
    connection: Connection, first: int | None, *, is_loss: bool
) -> Collection[tuple[int, int, int]]:
    return set() if first is None else moves.with_effects(connection, first, is_loss=is_loss)


def _taken(
    pair: Pair,
    definitions: Mapping[RevisionRef, Definition],
    features: Mapping[str, str],
    spared: Collection[tuple[int, int, int]],
) -> Collection[Outcome]:
    """Return what a move took, limits only from whom it left the feature: none, or whom a grant did."""
    before = definitions.get(RevisionRef(pair.package, pair.from_revision))
    is_spared = before is not None and _place(pair) in spared
    granted = [f"features/{key}" for key in before.features] if before and is_spared else []
    return tuple(alone_in(_felt(pair, definitions, granted), features.get))


def features_of(connection: Connection, first: int | None) -> Mapping[str, str]:
    """Return, of limits, which feature each goes with, also by catalogs from before this run."""
    changed = runs.catalogs_changed(connection, first) if first is not None else ()
    former = {Term.at(each["path"]): each["from"] or {} for each in changed}
    found = {term.key: limit.get("feature") for term, limit in former.items() if term.section == "limits"}
    live = meta.catalog(connection) or Catalog()
    found |= {key: limit.feature for key, limit in live.limits.items()}
    return {key: feature for key, feature in found.items() if feature}


def _which(each: Stored) -> Known:
    return each.package, each.verb, each.term


def _definitions(connection: Connection, pairs: Iterable[Pair]) -> Mapping[RevisionRef, Definition]:
    sides = {(each.package, number) for each in pairs for number in (each.from_revision, each.to_revision)}
    return packages.definitions(connection, {RevisionRef(*side) for side in sides})


def _losses(
    pair: Pair, definitions: Mapping[RevisionRef, Definition], granted: Collection[str] = ()
) -> tuple[Outcome, ...]:
    before = definitions.get(RevisionRef(pair.package, pair.from_revision))
    after = definitions.get(RevisionRef(pair.package, pair.to_revision))
    return losses({pair.from_revision: before}, after, pair.at, granted) if before and after else ()


def _felt(
    pair: Pair, definitions: Mapping[RevisionRef, Definition], granted: Collection[str] = ()
) -> tuple[Outcome, ...]:
    return tuple(each for each in _losses(pair, definitions, granted) if each.code.row.reaches_holders)


def _of_any(found: Collection[Outcome], *, has_spared: bool) -> Collection[tuple[Starts, str | None]]:
    """Return what the starts of those are who lost at least one of them, and which where some kept it."""
    needed = [(starts_of(each), str(each.term) if has_spared else None) for each in found]
    return [((), None)] if ((), None) in needed else needed


def _place(pair: Pair) -> tuple[int, int, int]:
    return pair.run, pair.package_id, pair.from_revision


def _is_restored(pair: Pair, pairs: Iterable[Pair]) -> bool:
    """Whether a later run moved some of them back."""
    back = (pair.package_id, pair.to_revision, pair.from_revision)
    return any(
        each.run > pair.run and (each.package_id, each.from_revision, each.to_revision) == back
        for each in pairs
    )
