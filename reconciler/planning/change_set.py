"""A plan and what it was made from become what the platform is asked to do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model.changesets import ArchiveWrite, Expectation, Move, PackageWrite
from reconciler.model.questions import UpTo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.plans import Plan
    from reconciler.planning.assembly import Weighed
    from reconciler.planning.binding import Ceiling
    from reconciler.planning.drafts import Draft


def writes(plan: Plan, made_of: Weighed) -> Iterator[PackageWrite | ArchiveWrite]:
    """Return the package writes of the plan, in its order."""
    return (_write(made_of.drafts[each.key]) for each in plan.changes if each.reassignment is None)


def moves(plan: Plan, made_of: Weighed) -> Iterator[Move]:
    """Return the reassignments of the plan, cut where it cuts them."""
    for change in plan.changes:
        if change.reassignment is None or change.is_transfer:
            continue
        step = made_of.steps[change.key, change.reassignment.to_revision]
        candidate, head = step.candidate, step.candidate.pair.head
        cut = () if step.through is None else (UpTo(step.through),)
        who = candidate.eligible
        yield Move(
            who=replace(who, package=change.key, conditions=(*who.conditions, *cut)),
            at_most=None if step.through is None else step.size,
            to_revision=candidate.to_revision,
            expected_version=head.version if head and change.key not in made_of.drafts else None,
            pace=candidate.pace,
        )


def expectations(ceilings: Iterable[Ceiling]) -> Iterator[Expectation]:
    """Return the consequences that may not have grown beyond their bounds when the change set is applied."""
    for each in ceilings:
        if each.questions:
            yield Expectation(each.questions, max(each.at_most, 0), f"clients to {each.what}")


def _write(draft: Draft) -> PackageWrite | ArchiveWrite:
    head = draft.pair.head
    if draft.pair.desired is None and head is not None:
        return ArchiveWrite(draft.key, head.version)
    return PackageWrite(
        key=draft.key,
        definition=draft.after,
        expected_version=head.version if head else None,
        archived=draft.archived,
        renamed_from=draft.pair.live_key if draft.pair.is_renamed else None,
        managed=not draft.pair.stays_unmanaged,
    )
