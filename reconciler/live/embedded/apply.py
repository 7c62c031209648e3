"""Applying a change set, its reassignments included, within one transaction."""

from __future__ import annotations

import dataclasses
from datetime import UTC
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import BlockedError
from reconciler.live import naming
from reconciler.live.embedded import losses, preconditions, transfers
from reconciler.live.embedded.editing import require_allowed, require_definable, require_distinct_titles
from reconciler.live.embedded.guarding import Judge, edits_of, strictest
from reconciler.live.embedded.preconditions import stale
from reconciler.live.rules import refused_catalog, refused_loss
from reconciler.live.telling import told, told_back, told_catalog, told_guards
from reconciler.model.changesets import ArchiveWrite, PackageState, PackageWrite, Parked, Run
from reconciler.model.english import agreed, counted
from reconciler.model.events import Author
from reconciler.model.forms import require
from reconciler.model.packages import RevisionRef
from reconciler.model.questions import OwnerNotIn
from reconciler.planning.catalog import catalog_change, with_terms
from reconciler.store import events, meta, moves, packages, questions, runs, subscriptions
from reconciler.store.moves import Step
from reconciler.store.packages import Contents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from reconciler.model.catalog import Catalog
    from reconciler.model.changesets import ChangeSet, Move
    from reconciler.model.packages import Definition, PackageHead
    from reconciler.model.questions import ClientQuestion
    from reconciler.model.settings import Guards
    from reconciler.store.operands import Lost
    from reconciler.store.packages import StoredPackage


class _Target(Struct, frozen=True):
    """The revision that a move leads to."""

    head: PackageHead
    revision: int
    definition: Definition


def move_all(
    connection: Connection, change_set: ChangeSet, run_id: int, *, reaches_everybody: bool = False
) -> int:
    """Carry out every move in order; return how many clients moved."""
    moved = 0
    for number, move in enumerate(change_set.moves):
        target = _target(connection, move)
        _require_due(move, target, change_set.at)
        movers = _from_elsewhere(move.who, target.revision)
        lost = losses.known_to_questions(connection, [movers], change_set.at)
        if not reaches_everybody:
            _require_assignable(connection, movers, target, change_set.at, lost)
        is_back = move.to_revision is not None
        step = Step(run_id, number, target.revision, target.definition.expiry, is_back)
        count = moves.record(connection, step, movers, change_set.at, lost)
        _require_planned(move, count)
        losses.note_effects(connection, step, movers, target.definition, change_set.at)
        moves.carry_out(connection, step)
        if move.pace is not None and count:
            packages.note_step(connection, move.who.package, change_set.at)
        moved += count
    return moved


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


def _require_due(move: Move, target: _Target, at: datetime) -> None:
    day = move.pace and move.pace.waits_for(target.head.stepped_at, at)
    if day:
        raise stale([f"`{move.who.package}`: its rollout moves nobody before {day}"])


def _require_assignable(
    connection: Connection, movers: ClientQuestion, target: _Target, at: datetime, lost: Lost
) -> None:
    """Hold rules 5 and 8. Going back to an older revision restores what was held, and is asked neither."""
    key, emails = target.head.key, target.definition.allowed_emails
    if target.revision != target.head.revision:
        return
    if target.head.archived:
        raise BlockedError(f"package `{key}` is archived: nobody is reassigned to it (rule 8)")
    if emails is None:
        return
    barred = dataclasses.replace(movers, conditions=(*movers.conditions, OwnerNotIn(emails)))
    (answer,) = questions.answers(connection, [barred], at, sample=0, lost=lost)
    if answer.count:
        who = counted(answer.count, "client")
        raise BlockedError(
            f"{who} {agreed(answer.count, 'is', 'are')} not allowed package `{key}` (rule 5)",
            hint="Leave them on the revision that they hold.",
        )


def _from_elsewhere(who: ClientQuestion, to_revision: int) -> ClientQuestion:
    """Leave out those who are on the target already."""
    return dataclasses.replace(
        who, revisions=tuple(revision for revision in who.revisions if revision != to_revision)
    )


def _require_planned(move: Move, count: int) -> None:
    if move.at_most is not None and count > move.at_most:
        most = f"at most {counted(move.at_most, 'client')} {agreed(move.at_most, 'was', 'were')} to move"
        raise stale([f"`{move.who.package}`: {most}, and {count:,} would now"])


def apply(
    connection: Connection,
    change_set: ChangeSet,
    floor: Guards | None = None,
    *,
    reaches_everybody: bool = False,
    is_done: bool = False,
) -> Run:
    """Check, write, move, and record the run; or return the run that this plan had before.

    Guards are judged as the last apply recorded them, as the change set has them, and as the floor has them:
    the strictest one counts; none is where it `is_done` already, elsewhere. Where an edit `reaches_everybody`
    anyway, rules 5 and 8 do not keep anybody from being moved.
    """
    require(naming.of_change_set(change_set))
    preconditions.require_lineage(connection, change_set)
    earlier = runs.of_plan(connection, change_set.plan_hash)
    if earlier is not None:
        return earlier
    known = packages.stored(connection, preconditions.keys_of(change_set))
    preconditions.require_unmoved(connection, change_set, known)
    losses.spend(connection, change_set.at)
    judge = None if is_done else _judge(connection, change_set, floor)
    former = meta.catalog(connection)
    guards = told_guards(
        change_set,
        meta.guards(connection),
        lambda: subscriptions.holder_count(connection, change_set.at),
    )
    _write_settings(connection, change_set, former)
    _write_packages(connection, change_set, known)
    _require_offered(connection, former)
    written = packages.stored(connection, [write.key for write in change_set.writes])
    run = replace(_run(connection, change_set, known, written, former), guards=guards)
    runs.record(connection, run)
    losses.keep(connection, change_set, run.id, known)
    moved = move_all(connection, change_set, run.id, reaches_everybody=reaches_everybody)
    by = Author(run.actor, run.on_behalf_of, run.reason)
    back = transfers.carry_out(connection, change_set.transfer, by, run.at) if change_set.transfer else ()
    if reasons := [*losses.beyond(connection, change_set.bounds, change_set.at)]:
        raise stale(reasons)
    if judge is not None:
        judge.of_edits(connection, tuple(edits_of(change_set, known)), run.id)
        judge.of_moves(connection, run.id, {write.key: write.origin for write in change_set.writes})
        judge.of_transfers(connection, back)
    losses.spend(connection, change_set.at)
    _park(connection, change_set, run.id)
    parked = {"parked": [each.subject for each in change_set.parks]} if change_set.parks else {}
    told = {"plan": run.plan_hash, "commit": run.commit, **parked}
    seal = events.seal(connection, run.id, by, run.at, told)
    moved += sum(each.clients for each in back if each.term != "same")
    run = replace(run, moved=moved, seal=seal, changes=(*run.changes, *told_back(back)))
    runs.complete(connection, run)
    moved_of = {*(move.who.package for move in change_set.moves), *(each.package for each in back)}
    concerned = written | packages.stored(connection, moved_of - written.keys())
    runs.note_packages(connection, run.id, concerned.values())
    return run


def _park(connection: Connection, change_set: ChangeSet, run_id: int) -> None:
    if change_set.parks or change_set.releases:
        new = {each.subject: Parked(each.subject, each.file, run_id) for each in change_set.parks}
        kept = {
            each.subject: each for each in meta.parked(connection) if each.parking not in change_set.releases
        }
        meta.write_parked(connection, (kept | new).values())


def _judge(connection: Connection, change_set: ChangeSet, floor: Guards | None) -> Judge | None:
    at = change_set.at
    holders = subscriptions.holder_count(connection, at) if change_set.moves or change_set.transfer else 0
    guards = strictest((meta.guards(connection), change_set.guards, floor), holders)
    if guards is None:
        return None
    return Judge(guards, holders, at, change_set.allowed, change_set.bounds.entries)


def _write_settings(connection: Connection, change_set: ChangeSet, former: Catalog | None) -> None:
    change = catalog_change(change_set.catalog, change_set.expected_catalog)
    if change.fields:
        merged = with_terms(former, ((each.path, each.after) for each in change.fields))
        require_allowed(refused_catalog(former, merged))
        meta.write_catalog(connection, merged)
    if change_set.guards is not None:
        meta.write_guards(connection, change_set.guards)


def _require_offered(connection: Connection, former: Catalog | None) -> None:
    """Hold that a changed catalog still has what every package needs that anybody can be assigned."""
    merged = meta.catalog(connection)
    if merged is None or merged == former:
        return
    heads = [head for head in packages.heads(connection) if not head.archived]
    refs = {RevisionRef(head.key, head.revision) for head in heads}
    for ref, definition in packages.definitions(connection, refs).items():
        require_allowed(refused_loss(ref.key, definition, former, merged))


def _write_packages(
    connection: Connection, change_set: ChangeSet, known: Mapping[str, StoredPackage]
) -> None:
    renamed = [write.origin for write in change_set.writes if write.origin != write.key]
    packages.free_keys(connection, [known[key].id for key in renamed])
    catalog = meta.catalog(connection)
    contents = []
    for write in change_set.writes:
        match write:
            case PackageWrite():
                if not write.archived:
                    require_definable(write.key, write.definition, catalog)
                contents.append((_contents(write), _before(write, known)))
            case ArchiveWrite():
                packages.archive(connection, known[write.key])
    packages.write(connection, contents, change_set.at)
    require_distinct_titles(connection, [write.key for write in change_set.writes])


def _contents(write: PackageWrite) -> Contents:
    return Contents(
        write.key, write.definition, archived=write.archived, managed=write.managed, is_applied=write.managed
    )


def _before(write: PackageWrite, known: Mapping[str, StoredPackage]) -> StoredPackage | None:
    return None if write.expected_version is None else known[write.origin]


def _run(
    connection: Connection,
    change_set: ChangeSet,
    known: Mapping[str, StoredPackage],
    written: Mapping[str, StoredPackage],
    former: Catalog | None,
) -> Run:
    origins = {write.key: write.origin for write in change_set.writes}
    existed = {origins[write.key] for write in change_set.writes if write.expected_version is not None}
    before = {key: _state(known[key]) for key in sorted(existed)}
    return Run(
        id=runs.next_id(connection),
        plan_hash=change_set.plan_hash,
        at=change_set.at.astimezone(UTC),
        actor=change_set.actor,
        environment=change_set.environment,
        on_behalf_of=change_set.on_behalf_of,
        commit=change_set.commit,
        reason=change_set.reason,
        allowed=change_set.allowed,
        changes=tuple(told(change_set, before)),
        before=before,
        after={key: _state(package) for key, package in sorted(written.items())},
        renamed={key: old for key, old in sorted(origins.items()) if old != key},
        catalog=told_catalog(former, meta.catalog(connection)),
    )


def _state(package: StoredPackage) -> PackageState:
    head = package.head
    return PackageState(head.revision, archived=head.archived, managed=head.managed)
