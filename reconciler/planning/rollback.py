"""Back to the state before a run, as a pairing: a new plan like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.errors import BlockedError
from reconciler.model.catalog import Catalog
from reconciler.model.changesets import PackageState, Run
from reconciler.model.english import agreed, counted, instant
from reconciler.model.packages import DesiredPackage, RevisionRef, Stated
from reconciler.model.terms import Term
from reconciler.planning.catalog import unmet, with_terms
from reconciler.planning.pairing import Pair, Pairing, Return

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.changesets import Moved
    from reconciler.model.events import Event
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.plans import ClientsMoved
    from reconciler.model.transfers import Transfers
    from reconciler.planning.drafts import Draft

_SHOWN: Final = 3
_NOUNS: Final = {"assign": "assignment", "revoke": "revocation", "extend": "extension"}


class Past(Struct, frozen=True):
    """What a rollback must know.

    Attributes:
        run: What is taken back; an edit by hand as if a run had made it.
        what: Its name in sentences: `run 5`.
        moved: Whom the run reassigned.
        catalog: The live one; None where none was ever applied.
        heads: Live packages by key.
        files: Desired packages by key, for their acknowledgements.
        definitions: Of every revision in `wanted`.
    """

    run: Run
    moved: tuple[Moved, ...]
    catalog: Catalog | None
    heads: Mapping[str, PackageHead]
    files: Mapping[str, DesiredPackage]
    what: str
    definitions: Mapping[RevisionRef, Definition] = field(default_factory=dict)


def named(event: Event | None) -> str:
    """Name what is taken back: `the edit of 2026-11-28 12:00 UTC by ana`."""
    if event is None:
        raise AssertionError
    return f"the {_NOUNS.get(event.kind, event.kind)} of {instant(event.at)} by {event.author}"


def of_hands(transfers: Transfers) -> Iterator[str]:
    """Say what is taken back of what hands did to clients, and who stays."""
    yield f"Takes back {named(transfers.event)}. Credits and other usage spent since stay spent."
    if transfers.event is not None and not transfers.event.is_beside:
        yield "Grants are left as they are: one that ended with what is taken back stays ended."
    for count, why in (
        (transfers.changed, "what they hold was changed since, or they are clients no more"),
        (transfers.added, "they were new with it"),
    ):
        if count:
            yield f"{counted(count, 'client')} {agreed(count, 'stays', 'stay')}: {why}."


def of_move(aim: ClientsMoved, transfers: Transfers) -> Iterator[str]:
    """Say what becomes of the term of clients who move between packages, and who stays."""
    yield (
        "Their term goes on: their start stays, which the new expiry counts from, and what they have used."
        if aim.keeps_term
        else "Their term starts anew when this is applied: a new start, a new cycle, no extension."
    )
    for count, why in (
        (transfers.changed, f"{agreed(transfers.changed, 'it does', 'they do')} not hold {aim.package}"),
        (transfers.barred, f"{aim.to_package}'s list of allowed e-mails does not have their owner"),
    ):
        if count:
            yield f"{counted(count, 'client')} {agreed(count, 'stays', 'stay')}: {why}."


def as_a_run(transfers: Transfers) -> Run:
    """Return an edit by hand as if a run had made it."""
    event, key = transfers.event, transfers.package
    if event is None or key is None:
        raise AssertionError(transfers)
    before, after = ({key: _state(side)} if side else {} for side in (event.before, event.after))
    return Run(0, "", event.at, event.author, "", before=before, after=after)


def _state(side: Mapping[str, Any]) -> PackageState:
    return PackageState(int(side["revision"]), archived=bool(side["archived"]), managed=bool(side["managed"]))


def wanted(run: Run, heads: Mapping[str, PackageHead]) -> set[RevisionRef]:
    """Return the revisions whose definitions a rollback needs: what was before, and what is now."""
    written = [key for key in run.after if key in heads]
    now = {RevisionRef(key, heads[key].revision) for key in written}
    states = ((key, _before(run, key)) for key in written)
    return now | {RevisionRef(key, state.revision) for key, state in states if state}


def rolled_back(past: Past) -> Pairing:
    """Pair what the run wrote with what it was before.

    What the run created is archived, since packages are never deleted (rule 8).
    """
    pairs = {key: _pair(past, key) for key in past.run.after if key in past.heads}
    returns = [
        Return(pairs.get(each.key) or Pair(past.files.get(each.key), past.heads[each.key]), past.run.id, each)
        for each in past.moved
        if each.key in past.heads
    ]
    return Pairing(
        differing=tuple(pairs.values()),
        returns=tuple(returns),
        catalog=with_terms(past.catalog, ((each["path"], each["from"]) for each in past.run.catalog))
        if past.run.catalog
        else None,
        notices=tuple(_notices(past)),
    )


def require_offered(
    what: str, drafts: Iterable[Draft], others: Mapping[str, Definition], live: Catalog, after: Catalog
) -> None:
    """Raise `BlockedError` where a package would need what the catalog does not have after the rollback.

    Args:
        what: Is rolled back: `run 5`.
        drafts: What the rollback writes.
        others: The packages that it leaves alone: what they miss already is not its doing.
        live: The catalog as it is.
        after: The catalog as it will be.
    """
    lacking = {draft.key: list(unmet(draft.after, after)) for draft in drafts if not draft.archived}
    for key, definition in others.items():
        known = {*unmet(definition, live)}
        lacking[key] = [each for each in unmet(definition, after) if each not in known]
    needs = [f"{key} needs {' and '.join(missing)}" for key, missing in sorted(lacking.items()) if missing]
    if needs:
        more = f" (and {len(needs) - _SHOWN} more)" if len(needs) > _SHOWN else ""
        raise BlockedError(
            f"{what[:1].upper()}{what[1:]} cannot be rolled back: {', '.join(needs[:_SHOWN])}{more}, "
            "which the catalog would not have then.",
            hint="Take it out of the package first, or roll back later runs before this one.",
        )


def _before(run: Run, key: str) -> PackageState | None:
    return run.before.get(run.renamed.get(key, key))


def _pair(past: Past, key: str) -> Pair:
    head, state = past.heads[key], _before(past.run, key)
    file = past.files.get(key)
    desired = DesiredPackage(
        key=_earlier_key(past, key),
        stated=Stated(past.definitions[RevisionRef(key, state.revision if state else head.revision)]),
        file=file.file if file else "",
        states_emails=True,
        archived=state.archived if state else True,
        acknowledgements=file.acknowledgements if file else (),
    )
    live = replace(head, applied_digest=None)  # whoever edited it: neither is what differs
    return Pair(desired, live, stays_unmanaged=not head.managed and not (state and state.managed))


def _earlier_key(past: Past, key: str) -> str:
    """Return the key from before the run; the present one where another package has taken it since."""
    earlier = past.run.renamed.get(key, key)
    return key if earlier in past.heads else earlier


def _notices(past: Past) -> Iterator[str]:
    run = past.run
    yield f"Rolls back {past.what}."
    yield "Credits and other usage spent since stay spent; clients assigned since keep what they hold."
    for path in _changed_again(past):
        term = path.lstrip("/")
        yield f"The catalog's {term}: changed again after {past.what}; rolling back undoes that as well."
    for key, after in run.after.items():
        head = past.heads.get(key)
        if head is None:
            yield f"{key}: the platform has no package with this key any more, so that it is left alone."
            continue
        if _earlier_key(past, key) != past.run.renamed.get(key, key):
            yield f"{key}: another package is called {past.run.renamed[key]} now, so that the key stays."
        if head.revision != after.revision or head.archived != after.archived:
            yield f"{key}: changed again after {past.what}; rolling back undoes that as well."
        elif _before(run, key) is None:
            yield f"{key}: created by {past.what}; packages are never deleted, so that it is archived."


def _changed_again(past: Past) -> Iterator[str]:
    """Yield the paths of the terms that are neither as the run left them nor as they were before."""
    live = (past.catalog or Catalog()).as_document()
    for term in past.run.catalog:
        section, key = Term.at(term["path"])
        if live[section].get(key) not in (term["from"], term["to"]):
            yield term["path"]
