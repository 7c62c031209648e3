"""Drafts, consequences and guard results become one frozen plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.model.catalog import Feature, Limit
from reconciler.model.findings import Position
from reconciler.model.plans import (
    Action,
    Change,
    Figures,
    Reach,
    Source,
    Summary,
    TermWords,
)
from reconciler.model.terms import Severity, Term, worst
from reconciler.planning.impact import consequences_of, consequences_of_step, telling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from reconciler.model.catalog import Catalog
    from reconciler.model.plans import CatalogChange, FieldChange, WaitingStep
    from reconciler.planning.drafts import Draft
    from reconciler.planning.facts import Facts
    from reconciler.planning.impact import Consequences
    from reconciler.planning.pairing import Pair
    from reconciler.planning.rollouts import Step


class Weighed(Struct, frozen=True):
    """Drafts by package key, and steps by their ids, with what they do to clients; and steps that wait.

    Attributes:
        left: Drafts that are due and not planned.
        unmoved: Keys of packages whose holders are due to move, and do not with this plan.
    """

    drafts: Mapping[str, Draft]
    steps: Mapping[tuple[str, int | None], Step]
    of_drafts: Mapping[str, Consequences] = field(default_factory=dict)
    of_steps: Mapping[tuple[str, int | None], Consequences] = field(default_factory=dict)
    waiting: tuple[WaitingStep, ...] = ()
    left: tuple[Draft, ...] = ()
    unmoved: tuple[str, ...] = ()


def weighed(drafts: Iterable[Draft], steps: Collection[Step], facts: Facts) -> Weighed:
    """Work out the losses of every draft and step; whom they touch is still to be asked."""
    of_steps = {step.id: consequences_of_step(step, facts) for step in steps}
    away: dict[str, list[Step]] = {}
    for step in steps:
        if step.candidate.to_revision is not None:
            away.setdefault(step.candidate.pair.key, []).append(step)
    draft_of = {draft.key: draft for draft in drafts}
    return Weighed(
        drafts=draft_of,
        steps={step.id: step for step in steps},
        of_drafts={
            key: consequences_of(draft, of_steps.get((key, None)), facts, away.get(key, ()))
            for key, draft in draft_of.items()
        },
        of_steps=of_steps,
    )


def package_change(
    draft: Draft, consequences: Consequences, facts: Facts, lines: Mapping[str, Position]
) -> Change:
    """Return the change of one package as the plan shows it."""
    impact = consequences.impact(facts)
    head = draft.pair.head
    return Change(
        action=draft.action,
        key=draft.key,
        title=draft.after.title,
        renamed_from=draft.pair.live_key if draft.pair.is_renamed else None,
        from_revision=head.revision if head else None,
        from_version=head.version if head else None,
        severity=Severity.BREAKING if impact.subscriptions_ended else draft.severity,
        reach=_reach(consequences, impact.holders or 0),
        adopts=draft.adopts,
        origin=draft.origin,
        fields=placed(draft.fields, lines),
        source=source_of(draft, lines),
        impact=impact,
    )


def reassign_change(
    step: Step, consequences: Consequences, facts: Facts, lines: Mapping[str, Position]
) -> Change:
    """Return the reassignment of one package's holders as the plan shows it."""
    pair = step.candidate.pair
    impact = consequences.impact(facts)
    losing = [finding.code.row.severity for finding in impact.findings if finding.lose]
    return Change(
        action=Action.REASSIGN,
        key=pair.key,
        title=step.candidate.target.title,
        from_revision=pair.head.revision if pair.head else None,
        from_version=pair.head.version if pair.head else None,
        severity=worst(losing),
        reach=step.candidate.reach,
        source=_source_at(pair, ["rollout"], lines),
        impact=impact,
        reassignment=step.reassignment(facts),
    )


def words_of(
    changes: Iterable[Change], catalog: CatalogChange, *known: Catalog | None
) -> dict[str, TermWords]:
    """Return what catalogs call the terms that a plan speaks of; the first that knows one tells."""
    told = tuple(changes)
    terms = {each.term for change in told for each in change.fields}
    terms |= {each.term for change in told for each in change.impact.findings}
    terms |= {Term.at(each.path) for each in catalog.fields}
    found = ((term, _words(term, known)) for term in sorted(terms))
    return {term.path: words for term, words in found if words is not None}


def _words(term: Term, known: Iterable[Catalog | None]) -> TermWords | None:
    for catalog in known:
        entries: Mapping[str, Feature | Limit] = {}
        if catalog is not None and term.section == "features":
            entries = catalog.features
        if catalog is not None and term.section == "limits":
            entries = catalog.limits
        match entries.get(term.key):
            case Limit(title=title, unit=unit, per=per):
                return TermWords(title=title, unit=unit, per=per)
            case Feature(title=title):
                return TermWords(title=title)
            case None:
                continue
    return None


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Sort by phase (create and widen, reassign, narrow, archive), then by key."""
    return tuple(sorted(changes, key=_order))


def summary(changes: Iterable[Change]) -> Summary:
    """Count actions, and what happens to clients: each package's clients once."""
    counts = dict.fromkeys((action.value for action in Action), 0)
    of_package: dict[str, list[Change]] = {}
    for change in changes:
        counts[change.action.value] += 1
        of_package.setdefault(change.key, []).append(change)
    groups = of_package.values()
    figures = {
        name: _sum(getattr(each.impact, name) for found in groups for each in telling(found))
        for name in Figures.model_fields
    }
    affected = sum(max(each.impact.affected for each in found) for found in groups)
    suspended = _sum(found[0].impact.suspended for found in groups)
    return Summary.model_validate({**counts, **figures, "clients_affected": affected, "suspended": suspended})


def _sum(counts: Iterable[int | None]) -> int | None:
    """Add up; what is unknown of one is unknown of all."""
    known = tuple(counts)
    return None if None in known else sum(count or 0 for count in known)


def placed(fields: Iterable[FieldChange], lines: Mapping[str, Position]) -> tuple[FieldChange, ...]:
    """Return the differences, each with the line of the file that says so, or that of its section."""
    if not lines:
        return tuple(fields)
    return tuple(field.model_copy(update={"line": _line(field.term, lines)}) for field in fields)


def _line(term: Term, lines: Mapping[str, Position]) -> int | None:
    position = lines.get(str(term)) or lines.get(term.section)
    return position.line if position else None


def _order(change: Change) -> tuple[int, str, int]:
    to_revision = change.reassignment.to_revision if change.reassignment else None
    return _phase(change), change.key, to_revision or 0


def _phase(change: Change) -> int:
    if change.action is Action.REASSIGN:
        return 1
    if change.action is Action.ARCHIVE:
        return 3
    return 2 if change.severity.is_loss else 0


def _reach(consequences: Consequences, holders: int) -> Reach:
    if consequences.step:
        return consequences.step.candidate.reach
    return Reach.KEPT_UNTIL_REASSIGNED if holders else Reach.NEW_CLIENTS_ONLY


def _source_at(pair: Pair, keys: Iterable[str], lines: Mapping[str, Position]) -> Source | None:
    """Point at the first of the top-level keys that is written, else at the start of the file."""
    if pair.desired is None or not pair.desired.file:
        return None
    position = next((lines[key] for key in keys if key in lines), Position())
    return Source(file=pair.desired.file, line=position.line, column=position.column)


def source_of(draft: Draft, lines: Mapping[str, Position]) -> Source | None:
    """Point at what the worst difference comes from."""
    ranked = sorted(draft.fields, key=lambda field: field.severity.rank) if lines else []
    weighty = [field for field in ranked if field.severity is not Severity.NEUTRAL] or ranked
    return _source_at(draft.pair, (field.path.split("/")[1] for field in weighty), lines)
