"""What a rollback parked: a plan made from files leaves it alone until its file changes.

A file is known by its digest, a term of the catalog by the digest of what the catalog's file says of it, so
that a new term beside it changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.catalog import Catalog
from reconciler.model.changesets import Parked, Parking
from reconciler.model.packages import digest_of
from reconciler.model.terms import Term
from reconciler.planning.catalog import with_terms
from reconciler.planning.pairing import is_equal
from reconciler.planning.rollouts import has_rollout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.planning.pairing import Pair, Pairing

_NO_FILE: Final = digest_of(None)
_NAMED: Final = 10


class Files(Struct, frozen=True):
    """The files at hand: a digest of each, and the catalog that they state."""

    digests: Mapping[str, str]
    catalog: Catalog | None

    def of_package(self, pair: Pair) -> str:
        """Return the digest of the package's file."""
        return self.digests.get(pair.desired.file, _NO_FILE) if pair.desired else _NO_FILE

    def of_term(self, path: str) -> str:
        """Return the digest of what the catalog's file says of a term."""
        return digest_of(_term(self.catalog, path))


def without_parked(pairing: Pairing, parked: Iterable[Parked], files: Files, live: Catalog | None) -> Pairing:
    """Leave out what is parked while its file is the same, and say so; release what is parked no more.

    A term goes with the packages that need it.
    """
    pairs = {pair.live_key: pair for pair in (*pairing.differing, *pairing.equal)}
    held: dict[str, Parked] = {}
    released = []
    for each in parked:
        if each.file == _at_hand(each.subject, pairs, files):
            held[each.subject] = each
        else:
            released.append(each)
    needed = set(_needed(pair for pair in pairing.differing if pair.live_key not in held)) if held else set()
    released += [held.pop(path) for path in needed & held.keys()]
    terms = {path: _term(live, path) for path in held if path.startswith("/")}
    told = [each for each in held.values() if _is_due(each.subject, pairs, files, terms)]
    return replace(
        pairing,
        differing=tuple(pair for pair in pairing.differing if pair.live_key not in held),
        equal=tuple(pair for pair in pairing.equal if pair.live_key not in held),
        catalog=with_terms(pairing.catalog, terms.items()) if terms else pairing.catalog,
        released=tuple(each.parking for each in released),
        left=tuple(each.subject for each in told),
        notices=(*pairing.notices, *_notices(told)),
    )


def parked_by_rollback(
    run: int, pairs: Iterable[Pair], terms: Iterable[str], parked: Iterable[Parked], files: Files
) -> tuple[tuple[Parking, ...], tuple[Parking, ...]]:
    """Return what the rollback of a run parks, and what it releases: what that run itself had parked."""
    before = {each.subject: each for each in parked}
    parks, releases = {}, {}
    subjects = [(pair.key, pair.live_key, files.of_package(pair)) for pair in pairs]
    for subject, live, file in (*subjects, *((path, path, files.of_term(path)) for path in terms)):
        earlier = before.get(live)
        if earlier is not None and (earlier.run == run or live != subject):
            releases[live] = earlier.parking
        if earlier is None or earlier.run != run:
            parks[subject] = Parking(subject, file)
    return tuple(parks.values()), tuple(releases.values())


def said_of(parks: Iterable[Parking], releases: Iterable[Parking]) -> Iterator[str]:
    """Say what becomes of the files after a rollback, or after the rollback of one."""
    if any(parks):
        yield "The files stay as they are, and are left alone until they change: revert or mend them."
    if any(releases):
        yield "The files count again for what that run had them left alone for."


def _term(catalog: Catalog | None, path: str) -> object:
    section, key = Term.at(path)
    return (catalog or Catalog()).as_document()[section].get(key)


def _at_hand(subject: str, pairs: Mapping[str, Pair], files: Files) -> str:
    if subject.startswith("/"):
        return files.of_term(subject)
    return files.of_package(pairs[subject]) if subject in pairs else _NO_FILE


def _needed(pairs: Iterable[Pair]) -> Iterator[str]:
    for pair in pairs:
        if pair.desired is not None and not pair.desired.archived:
            yield from (Term("features", key).path for key in pair.desired.definition.features)
            yield from (Term("limits", key).path for key in pair.desired.definition.limits)


def _is_due(subject: str, pairs: Mapping[str, Pair], files: Files, terms: Mapping[str, object]) -> bool:
    """Whether there would be something to do, were it not parked."""
    if subject in terms:
        return files.of_term(subject) != digest_of(terms[subject])
    return subject in pairs and (not is_equal(pairs[subject]) or has_rollout(pairs[subject]))


def _notices(told: Iterable[Parked]) -> Iterator[str]:
    of_run: dict[int, list[str]] = {}
    for each in told:
        is_term = each.subject.startswith("/")
        name = f"the catalog's {each.subject.lstrip('/')}" if is_term else each.subject
        of_run.setdefault(each.run, []).append(name)
    for run, names in sorted(of_run.items()):
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        yield (
            f"Left as run {run}, a rollback, made it: {', '.join(names[:_NAMED])}{more}. "
            f"The files count again once they change, or by `reconciler rollback {run}`."
        )
