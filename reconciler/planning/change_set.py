"""A reviewed plan, and the same plan made anew, become what the platform is asked to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import StaleError
from reconciler.model.changesets import ArchiveWrite, Expectation, Move, PackageWrite
from reconciler.model.plans import Action
from reconciler.model.questions import UpTo
from reconciler.model.terms import EXPIRY, Code, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.plans import Change, FieldChange, Plan
    from reconciler.planning.assembly import Weighed
    from reconciler.planning.drafts import Draft
    from reconciler.planning.impact import Consequences
    from reconciler.planning.rollouts import Candidate


def writes(reviewed: Plan, now: Weighed) -> Iterator[PackageWrite | ArchiveWrite]:
    """Return the package writes of the reviewed plan; raises StaleError where its subject moved."""
    for change in reviewed.changes:
        if change.action is not Action.REASSIGN:
            yield _write(change, _unmoved(change, now))


def moves(reviewed: Plan, now: Weighed) -> Iterator[Move]:
    """Return the reassignments of the reviewed plan, cut where it cut them and bounded by its counts.

    A plan that names no clients does not say where; it is cut anew.
    """
    written = {change.key for change in reviewed.changes if change.action is not Action.REASSIGN}
    for change in reviewed.changes:
        if change.reassignment is None:
            continue
        step = now.steps.get((change.key, change.reassignment.to_revision))
        if step is None or _version(step.candidate) != change.from_version:
            raise StaleError(f"The holders of {change.key} moved since the plan was made.", hint=_AGAIN)
        through = change.reassignment.through or step.through
        cut = () if through is None else (UpTo(through),)
        eligible = step.candidate.eligible
        yield Move(
            who=replace(eligible, package=change.key, conditions=(*eligible.conditions, *cut)),
            at_most=change.reassignment.clients,
            to_revision=change.reassignment.to_revision,
            expected_version=None if change.key in written else change.from_version,
            pace=step.candidate.pace,
        )


def expectations(reviewed: Plan, now: Weighed) -> Iterator[Expectation]:
    """Return the consequences that must not have grown since the plan was reviewed."""
    for change in reviewed.changes:
        if change.reassignment is None:
            consequences = now.of_drafts.get(change.key)
        else:
            consequences = now.of_steps.get((change.key, change.reassignment.to_revision))
        if consequences:
            yield from _expectations(change, consequences, _planned(reviewed, change))


_SHORTENED = (Code.EXPIRY_SHORTENED, EXPIRY)
"""The loss that whoever ends with the plan is not counted under."""
_AGAIN = "Plan again, review what changed, and apply the new plan."


def _unmoved(change: Change, now: Weighed) -> Draft:
    draft = now.drafts.get(change.key)
    if draft is None:
        raise StaleError(
            f"{change.key} is already as the plan would make it, or was changed since.", hint=_AGAIN
        )
    head = draft.pair.head
    version = head.version if head else None
    if version != change.from_version or draft.action is not change.action:
        before = "not there" if change.from_revision is None else f"at revision {change.from_revision}"
        today = f"at revision {head.revision}" if head else "not there"
        raise StaleError(
            f"{change.key} moved since the plan was made: it was {before}, now it is {today} "
            f"(write {change.from_version or 0} → {version or 0}).",
            hint=_AGAIN,
        )
    if _shown(change.fields) != _shown(draft.fields):
        raise StaleError(f"The files do something else to {change.key} than the plan shows.", hint=_AGAIN)
    return draft


def _shown(fields: Iterable[FieldChange]) -> set[str]:
    """Return the differences in comparable form: addresses may be masked in one plan, and lines move."""
    hidden = {"line", "before", "after"}
    return {
        field.model_dump_json(exclude=hidden if field.path == "/allowed_emails" else {"line"})
        for field in fields
    }


def _write(change: Change, draft: Draft) -> PackageWrite | ArchiveWrite:
    if draft.pair.desired is None and change.from_version is not None:
        return ArchiveWrite(change.key, change.from_version)
    return PackageWrite(
        key=change.key,
        definition=draft.after,
        expected_version=change.from_version,
        archived=draft.archived,
        renamed_from=change.renamed_from,
    )


def _version(candidate: Candidate) -> int | None:
    return candidate.pair.head.version if candidate.pair.head else None


def _planned(reviewed: Plan, change: Change) -> Mapping[tuple[Code, Term], int]:
    """Return how many clients each loss concerns, with those whom a rollback takes elsewhere."""
    planned: Counter[tuple[Code, Term]] = Counter()
    for each in change.impact.findings:
        planned[each.code, each.term] += each.keep + each.lose
    for other in reviewed.changes:
        is_away = other.reassignment is not None and other.reassignment.to_revision is not None
        if is_away and other is not change and other.key == change.key and change.reassignment is None:
            for each in other.impact.findings:
                planned[each.code, each.term] += each.lose
            planned[_SHORTENED] += other.impact.subscriptions_ended or 0
    return planned


def _expectations(
    change: Change, consequences: Consequences, planned: Mapping[tuple[Code, Term], int]
) -> Iterator[Expectation]:
    for loss in consequences.losses:
        also_ended = (change.impact.subscriptions_ended or 0) if loss is consequences.shorter else 0
        yield Expectation(
            questions=consequences.touched(loss),
            at_most=planned.get((loss.code, loss.term), 0) + also_ended,
            what=f"clients of {change.key} touched by {loss.code} {loss.term.key}",
        )
