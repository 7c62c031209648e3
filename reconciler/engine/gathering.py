"""Has planning's questions answered, in as few and as small reads as the differences need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from reconciler.model.plans import Reach
from reconciler.planning.assembly import Weighed, weighed
from reconciler.planning.drafts import drafted
from reconciler.planning.facts import Facts, held_refs
from reconciler.planning.guards import LOSSES_COUNT_FOR
from reconciler.planning.impact import SAMPLE_SIZE
from reconciler.planning.rollouts import (
    Candidate,
    Step,
    candidates,
    following,
    has_rollout,
    returning,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from reconciler.live.port import PlatformReader
    from reconciler.model.catalog import Catalog
    from reconciler.model.questions import ClientQuestion
    from reconciler.planning.drafts import Draft
    from reconciler.planning.pairing import Pair, Pairing


def gather(
    reader: PlatformReader, pairing: Pairing, at: datetime, catalog: Catalog | None, *, show_emails: bool
) -> tuple[Weighed, Facts]:
    """Return what changes, and all that must be known about whom it touches.

    The reads grow with the packages that differ or roll out, not with those that exist.
    """
    rolling = _rolling(pairing)
    read = {pair.current for pair in (*pairing.differing, *rolling) if pair.current}
    read |= {ref for each in pairing.returns for ref in each.refs}
    earlier = reader.acknowledged(at)
    in_force = {(each.entry.package, each.entry.verb, each.entry.term): each for each in earlier}
    facts = Facts(at=at, catalog=catalog, definitions=reader.definitions(read), in_force=in_force)
    due = drafted(pairing.differing, facts.definitions, show_emails=show_emails)
    drafts = tuple(draft for draft in due if pairing.takes(draft.key))
    touched = (*(draft.pair for draft in drafts), *rolling, *(each.pair for each in pairing.returns))
    held = {each.package for each in pairing.back}
    facts = _with_holdings(reader, facts, {pair.live_key for pair in touched if pair.head} | held)
    found = _found(pairing, drafts, rolling, facts)
    facts = _answered(reader, facts, (question for each in found for question in each.questions()))
    if found or pairing.back:
        since = at - LOSSES_COUNT_FOR
        facts = replace(facts, lost=reader.lost_since(since), lost_since=since)
    movable = [candidate for candidate in found if facts.count(candidate.eligible)]
    stepping = [candidate for candidate in movable if candidate.waits_for(at) is None]
    steps = [_step(reader, each, facts) for each in stepping if pairing.moves(each.id)]
    result, facts = _weigh(reader, drafts, steps, facts)
    return replace(
        result,
        waiting=tuple(waiting(movable, facts)),
        left=tuple(draft for draft in due if not pairing.takes(draft.key)),
        unmoved=tuple(each.pair.key for each in stepping if not pairing.moves(each.id)),
    ), facts


def _rolling(pairing: Pairing) -> list[Pair]:
    """Return the packages whose file moves their holders; without snapshots there is nothing to move."""
    pairs = () if pairing.reaches_everybody else (*pairing.differing, *pairing.equal)
    return [pair for pair in pairs if has_rollout(pair)]


def _found(
    pairing: Pairing, drafts: tuple[Draft, ...], rolling: list[Pair], facts: Facts
) -> tuple[Candidate, ...]:
    """Return whose holders get something else: by a rollout or a rollback, or by the edit alone."""
    match pairing.snapshots:
        case "none":
            return following(drafts, facts, Reach.AT_ONCE)
        case "period":
            return following(drafts, facts, Reach.NEXT_PERIOD)
        case "assignment":
            moved = candidates(rolling, {draft.key: draft for draft in drafts}, facts)
            return moved + returning(pairing.returns, facts)


def _with_holdings(reader: PlatformReader, facts: Facts, keys: set[str]) -> Facts:
    holdings = reader.holdings(keys, facts.at) if keys else {}
    suspended = reader.suspended(keys, facts.at) if keys else {}
    granted = reader.granted_terms(keys, facts.at) if keys else {}
    missing = held_refs(holdings) - facts.definitions.keys()
    definitions = {**facts.definitions, **(reader.definitions(missing) if missing else {})}
    facts = replace(facts, definitions=definitions, granted=granted)
    return replace(facts, holdings=holdings, suspended=suspended)


def _step(reader: PlatformReader, candidate: Candidate, facts: Facts) -> Step:
    size = candidate.size(facts)
    remaining = facts.count(candidate.eligible) - size
    if not remaining:
        return Step(candidate, size)
    return Step(candidate, size, reader.nth_matching(candidate.eligible, size, facts.at), remaining)


def _weigh(
    reader: PlatformReader, drafts: tuple[Draft, ...], steps: list[Step], facts: Facts
) -> tuple[Weighed, Facts]:
    result = weighed(drafts, steps, facts)
    found = (*result.of_drafts.values(), *result.of_steps.values())
    consequences = tuple(each for each in found if not each.is_idle)
    if any(each.losing for each in consequences):
        facts = replace(facts, everybody=reader.holder_count(facts.at))
    facts = _answered(reader, facts, (question for each in consequences for question in each.questions()))
    return result, _sampled(reader, facts, (asked for each in consequences for asked in each.samples(facts)))


def _answered(reader: PlatformReader, facts: Facts, questions: Iterable[ClientQuestion]) -> Facts:
    new = tuple(dict.fromkeys(question for question in questions if question not in facts.answers))
    if not new:
        return facts
    answers = reader.answers(new, facts.at, sample=0)
    return replace(facts, answers={**facts.answers, **dict(zip(new, answers, strict=True))})


def _sampled(reader: PlatformReader, facts: Facts, questions: Iterable[ClientQuestion]) -> Facts:
    """Ask for names only of those clients whom the plan names: counts are cheaper."""
    shown = tuple(dict.fromkeys(questions))
    answers = reader.answers(shown, facts.at, sample=SAMPLE_SIZE) if shown else ()
    return replace(facts, samples={asked: each.sample for asked, each in zip(shown, answers, strict=True)})
