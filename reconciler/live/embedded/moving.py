"""The reassignments of a change set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import BlockedError
from reconciler.live.embedded.checking import stale
from reconciler.model.questions import OwnerNotIn
from reconciler.store import moves, packages, questions, runs
from reconciler.store.moves import Step

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.changesets import ChangeSet, Move
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.questions import ClientQuestion


@dataclass(frozen=True, slots=True)
class _Target:
    """The revision that a move leads to."""

    head: PackageHead
    revision: int
    definition: Definition


def move_all(connection: Connection, change_set: ChangeSet, run_id: int) -> None:
    """Carry out every move in order, and note in the run how many clients moved."""
    moved = 0
    for number, move in enumerate(change_set.moves):
        target = _target(connection, move)
        movers = _from_elsewhere(move.who, target.revision)
        _require_assignable(connection, movers, target, change_set.at)
        step = Step(run_id, number, target.revision, target.definition.expiry)
        count = moves.record(connection, step, movers, change_set.at)
        _require_planned(move, count)
        moves.carry_out(connection, step)
        moved += count
    runs.count_moved(connection, run_id, moved)


def _target(connection: Connection, move: Move) -> _Target:
    key = move.who.package
    package = packages.stored(connection, [key]).get(key)
    if package is None:
        raise stale([f"package `{key}` is gone"])
    revision = move.to_revision or package.head.revision
    definition = packages.definition(connection, package.id, revision)
    if definition is None:
        raise stale([f"package `{key}` has no revision {revision}"])
    return _Target(package.head, revision, definition)


def _require_assignable(
    connection: Connection, movers: ClientQuestion, target: _Target, at: datetime
) -> None:
    """Hold rules 5 and 8. Going back to an older revision restores what was held, and is asked neither."""
    key, emails = target.head.key, target.definition.allowed_emails
    if target.revision != target.head.revision:
        return
    if target.head.archived:
        raise BlockedError(f"package `{key}` is archived: nobody is reassigned to it (rule 8)")
    if emails is None:
        return
    barred = replace(movers, conditions=(*movers.conditions, OwnerNotIn(emails)))
    (answer,) = questions.answers(connection, [barred], at, sample=3)
    if answer.count:
        raise BlockedError(
            f"{answer.count} clients are not allowed package `{key}` (rule 5): {', '.join(answer.sample)}",
            hint="Leave them on the revision that they hold.",
        )


def _from_elsewhere(who: ClientQuestion, to_revision: int) -> ClientQuestion:
    """Leave out those who are on the target already."""
    return replace(who, revisions=tuple(revision for revision in who.revisions if revision != to_revision))


def _require_planned(move: Move, count: int) -> None:
    if count > move.at_most:
        raise stale([f"`{move.who.package}`: at most {move.at_most} clients were to move, {count} would now"])
