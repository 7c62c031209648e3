"""What binds an apply to the plan that was reviewed: what must be equal, and what is bounded above.

A plan file is not believed. It says which changes were reviewed and how far they may go; everything else is
worked out anew, and what clients keep, use or are over is never compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.model.english import counted
from reconciler.model.plans import FILES_APPLIED, Reach
from reconciler.model.terms import Code
from reconciler.planning.guards import by_package, owed_by, speaking, stated_in
from reconciler.planning.impact import telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.plans import Change, FieldChange, GuardResult, Plan
    from reconciler.model.terms import LossVerb
    from reconciler.planning.acknowledgements import Stated
    from reconciler.planning.guards import Assessed, Case
    from reconciler.planning.impact import Owed
    from reconciler.planning.outcomes import Questions


class Ceiling(Struct, frozen=True):
    """How many clients a consequence may meet at most.

    Attributes:
        what: Names the consequence, after the number of clients.
        clients: How many it meets as things are.
        questions: Ask who they are.
    """

    what: str
    clients: int
    at_most: int
    questions: Questions

    @property
    def is_passed(self) -> bool:
        """Whether it meets more."""
        return self.clients > self.at_most

    def __str__(self) -> str:
        return f"{counted(self.clients, 'client')} would now {self.what}, at most {self.at_most:,} may"


def unequal(reviewed: Plan, now: Plan) -> Iterator[str]:
    """Say of each change of the reviewed plan how it is not the same any more."""
    today = {_id(change): change for change in now.changes}
    for change in reviewed.changes:
        found = today.get(_id(change))
        if found is not None:
            yield from _differences(change, found, reviewed, now)
        elif change.reassignment is None:
            yield _not_asked_for(change, now)
        elif (key := _moved_since(change, reviewed, now)) is not None:
            yield f"{key} moved since the plan was made, and the move of its holders with it"
    terms = {each.path: (each.before, each.after) for each in now.catalog.fields}
    for term in reviewed.catalog.fields:
        if terms.get(term.path) != (term.before, term.after):
            yield f"the catalog's {term.path.lstrip('/')} does not change as the plan shows"
    for guard in reviewed.loosened:
        if guard not in now.loosened:
            yield f"the guard `{guard.guard}` is not loosened as the plan shows"


def _not_asked_for(change: Change, now: Plan) -> str:
    """Say why nothing is to be done any more to what the change is of: somebody did, or the files changed."""
    if now.platform.versions.get(change.renamed_from or change.key) == change.from_version:
        return f"the files ask nothing of {change.key} any more"
    return f"{change.key} was changed since the plan was made, and is as the files say"


def ceilings(reviewed: Plan, case: Case) -> Iterator[Ceiling]:
    """Return what bounds the losses of a plan that is made again.

    Each loss is bounded by its acknowledgement, as reviewed or as at hand, the lower of both, less what was
    lost under it before; one without by what was reviewed, and then all who lose by the change as well.
    """
    stated = {(key, each.loss.code, each.loss.term): each for key, each in stated_in(case)}
    counts_kept = case.guards.acknowledge == "touching"
    said = _Said.of(reviewed)
    for key, items in by_package(case.changes).items():
        if all(item.consequences.is_idle and not item.change.is_transfer for item in items):
            continue
        planned = _Planned.of(said, key)
        is_open = any(item.change.is_transfer for item in items)
        for loss in owed_by(items):
            entry = stated.get((key, loss.code, loss.term))
            bound = planned.bound(entry)
            is_open |= bound is None and loss.lose > 0
            yield _ceiling(key, items, loss, bound, planned, counts_kept=counts_kept)
        yield from _of_ended_grants(key, items, planned)
        if is_open:
            told = speaking(items)
            losing = sum(item.change.impact.clients_losing or 0 for item in told)
            questions = tuple(each for item in told for each in item.consequences.losing)
            yield Ceiling(f"lose something of {key}", losing, planned.losing, questions)
            ended = sum(
                item.change.impact.subscriptions_ended or 0 for item in told if item.change.is_transfer
            )
            yield Ceiling(f"have their subscription to {key} end", ended, planned.ended, ())


def _moved_since(change: Change, reviewed: Plan, now: Plan) -> str | None:
    """Return the package whose write since then is why nobody moves as reviewed; None where none is."""
    moves, versions = change.reassignment, now.platform.versions
    if moves is not None and moves.to_package is not None:
        key, was = moves.to_package, reviewed.platform.versions.get(moves.to_package)
        is_of_current = moves.term in {"kept", "new"}
        return key if is_of_current and versions.get(key) != was else None
    return change.key if versions.get(change.key) != change.from_version else None


class _Said(Struct, frozen=True):
    """What the reviewed plan says, by package."""

    changes: Mapping[str, list[Change]]
    guards: Mapping[str, list[GuardResult]]

    @classmethod
    def of(cls, reviewed: Plan) -> _Said:
        changes: defaultdict[str, list[Change]] = defaultdict(list)
        guards: defaultdict[str, list[GuardResult]] = defaultdict(list)
        for change in reviewed.changes:
            changes[change.key].append(change)
        for guard in reviewed.guards:
            guards[guard.key].append(guard)
        return cls(changes, guards)


class _Planned(Struct, frozen=True):
    """What the reviewed plan says of one package.

    Attributes:
        lose: How many lose what, by code and subject.
        losing: How many lose anything.
        ended: How many subscriptions end.
        bounds: What acknowledgements allowed that were enough, by verb and term.
    """

    lose: Mapping[tuple[Code, str], int]
    losing: int
    ended: int
    bounds: Mapping[tuple[LossVerb, str], int | None]

    @classmethod
    def of(cls, said: _Said, key: str) -> _Planned:
        told = telling(said.changes.get(key, ()))
        lose: Counter[tuple[Code, str]] = Counter()
        for finding in (each for change in told for each in change.impact.findings):
            lose[finding.code, finding.subject] += finding.lose
        abouts = (each.about for each in said.guards.get(key, ()))
        enough = (each for each in abouts if each is not None and each.entry == "enough")
        bounds = {(each.verb, each.term): each.bound for each in enough}
        impacts = [change.impact for change in told]
        losing = sum(each.clients_losing or 0 for each in impacts)
        return cls(lose, losing, sum(each.subscriptions_ended or 0 for each in impacts), bounds)

    def bound(self, stated: Stated | None) -> int | None:
        """Return how many may be concerned by a loss; None where no acknowledgement says."""
        if stated is None:
            return None
        about = stated.about
        reviewed = self.bounds.get((about.verb, about.term))
        if reviewed is None or about.bound is None:
            return None
        return min(reviewed, about.bound) - about.before


def _ceiling(  # noqa: PLR0913 - a loss, whose it is, and what bounds it
    key: str,
    items: Iterable[Assessed],
    loss: Owed,
    bound: int | None,
    planned: _Planned,
    *,
    counts_kept: bool,
) -> Ceiling:
    is_kept_counted = counts_kept and bound is not None
    questions = tuple(
        question
        for item in speaking(items)
        for question in item.consequences.asked(loss, counts_kept=is_kept_counted)
    )
    return Ceiling(
        what=f"be touched by {loss.code} {loss.term.key} of {key}",
        clients=loss.lose + (loss.keep if is_kept_counted else 0),
        at_most=planned.lose.get((loss.code, loss.term.key), 0) if bound is None else bound,
        questions=questions,
    )


def _of_ended_grants(key: str, items: Iterable[Assessed], planned: _Planned) -> Iterator[Ceiling]:
    """Return what bounds the losses that no file acknowledges."""
    for item in speaking(items):
        for finding in item.change.impact.findings:
            if finding.code is Code.GRANT_ENDED:
                yield Ceiling(
                    what=f"lose a grant of {finding.subject} with {key}",
                    clients=finding.lose,
                    at_most=planned.lose.get((finding.code, finding.subject), 0),
                    questions=item.consequences.losing_by(finding),
                )


def _id(change: Change) -> tuple[object, ...]:
    moves = change.reassignment
    if moves is None:
        return (change.key,)
    left = tuple(moves.from_revisions) if change.is_transfer else ()
    return change.key, moves.to_revision, moves.to_package, left


def _differences(change: Change, found: Change, reviewed: Plan, now: Plan) -> Iterator[str]:
    key = change.key
    if (change.from_version, change.action) != (found.from_version, found.action):
        yield (
            f"{key} moved since the plan was made: it was {_at(change)}, now it is {_at(found)} "
            f"(write {change.from_version or 0} → {found.from_version or 0})"
        )
        return
    if found.reach is Reach.ON_REASSIGN and change.reach is not found.reach:
        yield f"{key} reaches its holders otherwise than the plan shows"
    shown, today = _shown(change.fields), _shown(found.fields)
    paths = sorted({path for path, _ in shown ^ today})
    if paths:
        yield f"the files do something else to {key} than the plan shows: {', '.join(paths)}"
    elif _has_hidden(change) and not _is_same_file(change, reviewed, now):
        yield f"the file of {key} was edited, and the plan does not show all of its addresses"


def _at(change: Change) -> str:
    return "not there" if change.from_revision is None else f"at revision {change.from_revision}"


def _shown(fields: Iterable[FieldChange]) -> set[tuple[str, str]]:
    """Return the differences in comparable form: addresses may be masked in one plan, and lines move."""
    hidden = {"line", "before", "after"}
    return {
        (
            each.path.lstrip("/"),
            each.model_dump_json(exclude=hidden if each.path == _ADDRESSES else {"line"}),
        )
        for each in fields
    }


_ADDRESSES = "/allowed_emails"


def _has_hidden(change: Change) -> bool:
    return any(each.path == _ADDRESSES for each in change.fields)


def _is_same_file(change: Change, reviewed: Plan, now: Plan) -> bool:
    file = change.source.file if change.source else None
    if file is None or now.aim != FILES_APPLIED:
        return True
    return reviewed.config.files.get(file) == now.config.files.get(file)
