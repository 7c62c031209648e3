"""What changes do to clients: which questions to ask, and what the answers mean."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model.packages import RevisionRef
from reconciler.model.plans import Action, Figures, Impact, ImpactFinding
from reconciler.model.questions import (
    AnyOf,
    AssignedIn,
    ClientQuestion,
    ExtendedBeyond,
    GrantEnds,
    LostSince,
    LostUnder,
    NotExtendedBeyond,
)
from reconciler.model.terms import EXPIRY, Code, Kind, Term
from reconciler.planning.outcomes import (
    Outcome,
    alone_in,
    archival,
    brought_back,
    distinct,
    ended_grants,
    gains,
    losses,
    outcomes,
    using_anything,
    using_more,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from reconciler.model.expiry import Expiry
    from reconciler.model.losses import InForce
    from reconciler.model.packages import Definition
    from reconciler.model.plans import Change
    from reconciler.model.questions import Condition
    from reconciler.planning.drafts import Draft
    from reconciler.planning.facts import Facts
    from reconciler.planning.outcomes import Questions
    from reconciler.planning.pairing import Pair
    from reconciler.planning.rollouts import Step

SAMPLE_SIZE: Final = 5
"""How many client ids a plan names per finding."""
_SUBSCRIPTIONS: Final = "subscriptions"
_NOBODY: Final = Impact()


class Owed(Struct, frozen=True):
    """A loss that the package file must state as intended, and how many clients it is about.

    A limit that goes with its feature is stated with that, but only for clients who had the feature.

    Attributes:
        later: Clients who lose it in later steps of the rollout, as things are, and are not counted already.
        again: Clients who lose it now and are counted already under the entry that states it.
        in_force: That entry as the last applied run had it.
    """

    code: Code
    term: Term
    lose: int
    keep: int
    later: int = 0
    again: int = 0
    in_force: InForce | None = None

    @property
    def before(self) -> int:
        """Count who lost it before under the entry, and does not lose it again now."""
        return self.in_force.lost - self.again if self.in_force else 0


class Consequences(Struct, frozen=True):
    """What one change takes from the holders of one package and gives them, and which of them it moves.

    Attributes:
        at: The instant of the plan.
        held: What those who are spoken of hold, by revision.
        losses: What is lost, worst first.
        gains: What whoever moves gets.
        step: The holders who move; None where nobody does.
        shorter: The shorter expiry, by which subscriptions of those who move may be over at once.
        among: What a holder must meet to be spoken of at all.
        stale: Asks who was outdated already before this plan (rule 14).
        alone: The losses that must be stated; limits only as far as they do not go with their feature.
        earlier: What was lost before, per verb and term.
        lately: The instant since which a loss counts with those of now; None where nobody lost anything.
        granted: Terms that holders were granted, and `expiry` where one's subscription was extended; of each,
            whether a grant of it ends once its client is reassigned.
        meters: What holders may have used in this cycle, whatever they hold now.
        away: Steps of a rollback that take holders to older revisions: who leaves with one keeps nothing.
    """

    live_key: str
    at: datetime
    held: Mapping[int, Definition] = field(default_factory=dict)
    losses: tuple[Outcome, ...] = ()
    gains: tuple[Outcome, ...] = ()
    step: Step | None = None
    shorter: Outcome | None = None
    stale: Questions = ()
    among: tuple[Condition, ...] = ()
    away: tuple[Step, ...] = ()
    alone: tuple[Outcome, ...] = ()
    earlier: Mapping[tuple[str, str], InForce] = field(default_factory=dict)
    lately: datetime | None = None
    granted: Mapping[str, bool] = field(default_factory=dict)
    meters: frozenset[str] = frozenset()

    @property
    def is_idle(self) -> bool:
        """Whether nobody is touched, as by every new package: there is nothing to ask, nor to count."""
        return not (self.losses or self.gains or self.alone or self.stale or self.step)

    @property
    def _is_extended(self) -> bool:
        return str(EXPIRY) in self.granted

    @property
    def taken(self) -> frozenset[Term]:
        """What is lost, or less of it: which of the two, a client's grants decide."""
        return frozenset(each.term for each in self.losses)

    def named(self, draft: Draft) -> Consequences:
        """Return the part that the differences of the draft state."""
        stated = {(each.code, each.term) for each in draft.fields}
        return replace(
            self,
            losses=tuple(each for each in self.losses if (each.code, each.term) in stated),
            gains=tuple(each for each in self.gains if (each.code, each.term) in stated),
            alone=tuple(each for each in self.alone if (each.code, each.term) in stated),
        )

    def touched(self, loss: Outcome) -> Questions:
        """Ask which holders have what is lost."""
        return loss.touched(self.live_key, *self.among)

    def asked(self, owed: Owed, *, counts_kept: bool) -> Questions:
        """Ask who loses what is owed, with `counts_kept` also who merely keeps it."""
        if owed.code is Code.SUBSCRIPTION_ENDED:
            return self._ended
        found = (each for each in self.alone if (each.code, each.term) == (owed.code, owed.term))
        ask = self.touched if counts_kept else self._moved
        return tuple(question for loss in found for question in ask(loss))

    def losing_by(self, finding: ImpactFinding) -> Questions:
        """Ask who loses with this change what the finding is of."""
        found = (each for each in self.losses if (each.code, each.term) == (finding.code, finding.term))
        return tuple(question for loss in found for question in self._moved(loss))

    def questions(self) -> Iterator[ClientQuestion]:
        """Return all that must be known for `impact`."""
        for loss in self.losses:
            yield from self.touched(loss)
            yield from loss.using(self.live_key, *self.among)
            yield from loss.over(self.live_key, *self.among)
            yield from self._expired(loss)
            yield from (*self._moved(loss), *self._gone(loss), *self._spared(loss))
            if self.step:
                yield from loss.using(self.live_key, *self.step.conditions)
                yield from loss.over(self.live_key, *self.step.conditions)
        for loss in self.alone:
            yield from (*self.touched(loss), *self._moved(loss), *self._gone(loss), *self._again(loss))
            in_all = self._in_all(loss)
            yield from (*in_all, *self._under(self._in_force(loss.code, loss.term), in_all))
        yield from (*self.concerned, *self.stale, *self._losing_again)
        for asked in self._restored:
            yield from asked
        yield from (*self._leaving, *self.losing, *self._ended, *self._ended_in_all, *self._gaining)
        yield from self._under(self._ended_entry, (*self._ended, *self._ended_in_all))
        yield from (*self._ended_in_use, *self._running_in_use)
        for gain in self.gains:
            yield from (*self._given(gain), *self._spared(gain))
        yield from self.grants_ending
        if self.step:
            yield from self.step.questions(self.at)

    @property
    def everybody(self) -> Questions:
        """Ask who keeps, loses or gains anything, or moves."""
        moving = self.step.movers if self.step else ()
        return (*self.concerned, *self.losing, *self._ended, *self._gaining, *moving)

    def samples(self, facts: Facts) -> Iterator[ClientQuestion]:
        """Return the questions whose clients the findings name, as far as counts say that there are any."""
        for loss in self.losses:
            yield from self._named_of(facts, self._by_hurt(loss))
        yield from self._named_of(facts, self._ended)

    def impact(self, facts: Facts) -> Impact:
        """Return the counts."""
        if self.is_idle and self.live_key not in facts.holdings and self.live_key not in facts.suspended:
            return _NOBODY
        answers = (facts.answers.get(question) for question in self.questions())
        return Impact(
            holders=facts.holders(self.live_key),
            suspended=facts.suspended.get(self.live_key, 0),
            stale=facts.total(self.stale),
            affected=facts.total(self.concerned),
            grants_ending=facts.total(self.grants_ending),
            complete=all(answer.complete for answer in answers if answer is not None),
            findings=tuple(self._findings(facts)),
            **dict(self.figures(facts)),
        )

    def owed(self, facts: Facts) -> Iterator[Owed]:
        """Return what the package file must state as intended."""
        if self.is_idle:
            return
        ended = facts.total(self._ended)
        if ended:
            in_force = self._ended_entry
            again = facts.total(self._under(in_force, self._ended))
            later = max(0, self._new_in_all(in_force, self._ended_in_all, facts) - (ended - again))
            yield Owed(Code.SUBSCRIPTION_ENDED, Term("", _SUBSCRIPTIONS), ended, 0, later, again, in_force)
        for loss in self.alone:
            lose = facts.total(self._moved(loss))
            keep = facts.total(self.touched(loss)) - lose - facts.total(self._gone(loss))
            keep -= ended if loss.term == EXPIRY else 0
            in_force, again = self._in_force(loss.code, loss.term), facts.total(self._again(loss))
            later = max(0, self._new_in_all(in_force, self._in_all(loss), facts) - (lose - again))
            yield Owed(loss.code, loss.term, lose, keep, later, again, in_force)

    def _new_in_all(self, in_force: InForce | None, asked: Questions, facts: Facts) -> int:
        """Count who loses it over all steps that are left, and is not counted already under the entry."""
        return facts.total(asked) - facts.total(self._under(in_force, asked))

    def losing_again(self, facts: Facts) -> int:
        """Count who loses something now and lost something in the last hours as well, and is not restored."""
        return facts.total(self._losing_again)

    def restored(self, facts: Facts) -> int:
        """Count who lost something in the last hours, and nothing but what this change brings back."""
        lately, otherwise = map(facts.total, self._restored)
        return lately - otherwise

    def figures(self, facts: Facts) -> Figures:
        """Return the figures that decide."""
        return Figures(
            clients_losing=facts.total(self.losing),
            clients_losing_in_use=facts.total((*self._ended_in_use, *self._running_in_use)),
            clients_keeping=facts.total(self.concerned) - facts.total(self._leaving),
            clients_gaining=facts.total(self._gaining) + (self.step.resumed(facts) if self.step else 0),
            subscriptions_ended=facts.total(self._ended),
        )

    @property
    def concerned(self) -> Questions:
        """Ask which holders have anything that is taken away."""
        return distinct(self.losses, self.live_key, *self.among)

    @property
    def _leaving(self) -> Questions:
        steps = (self.step,) if self.step else self.away
        return tuple(
            question
            for step in steps
            for question in distinct(_among(self.losses, step), self.live_key, *step.conditions)
        )

    @property
    def losing(self) -> Questions:
        """Ask who loses anything with this change."""
        return distinct(self._reassigned, self.live_key, *self.step.conditions) if self.step else ()

    @property
    def _reassigned(self) -> tuple[Outcome, ...]:
        """Losses that reassignment brings about: whoever is no longer allowed is not moved (rule 5)."""
        return tuple(loss for loss in self.losses if loss.code.row.reaches_holders)

    @property
    def _shorter_expiry(self) -> Expiry | None:
        return self.shorter.after.expiry if self.step and self.shorter else None

    @property
    def _ending(self) -> tuple[Condition, ...]:
        """What a mover meets whose subscription is over after the move (rule 15)."""
        expiry, moving = self._shorter_expiry, self.step.conditions if self.step else ()
        return self._over(expiry, self.at, moving) if expiry else ()

    def _over(self, expiry: Expiry, at: datetime, also: tuple[Condition, ...]) -> tuple[Condition, ...]:
        extended = (NotExtendedBeyond(at),) if self._is_extended else ()
        return AssignedIn(expiry.elapsed_starts(at)), *extended, *also

    @property
    def _running(self) -> tuple[Condition, ...]:
        """What a mover meets whose subscription goes on after the move."""
        return self._going_on(self.step.conditions if self.step else ())

    def _going_on(self, moving: tuple[Condition, ...]) -> tuple[Condition, ...]:
        expiry = self._shorter_expiry
        if expiry is None:
            return moving
        running = AssignedIn(expiry.running_starts(self.at))
        extended = AnyOf((running, ExtendedBeyond(self.at)))
        return (extended if self._is_extended else running, *moving)

    @property
    def _ended(self) -> Questions:
        return self._ends(self._ending)

    @property
    def _ended_in_all(self) -> Questions:
        """Ask whose subscription is over after the last step, where there are later ones."""
        expiry, everybody = self._shorter_expiry, self._everybody
        if self.step is None or expiry is None or everybody is None:
            return ()
        return self._ends(self._over(expiry, self.step.last_at(self.at), everybody))

    def _ends(self, conditions: tuple[Condition, ...]) -> Questions:
        if self.shorter is None or self.shorter not in self.losses or not conditions:
            return ()
        return (ClientQuestion(self.live_key, self.shorter.revisions, conditions),)

    @property
    def _everybody(self) -> tuple[Condition, ...] | None:
        """What a holder meets who moves in this step or a later one; None where this is the last."""
        return self.step.candidate.conditions if self.step and self.step.remaining else None

    @property
    def _ended_in_use(self) -> Questions:
        if not self._ended or self.shorter is None:
            return ()
        over = {number: self.held[number] for number in self.shorter.held}
        return using_anything(over, self._reassigned, self.live_key, *self._ending, beside=self.meters)

    @property
    def _running_in_use(self) -> Questions:
        return using_more(self._reassigned, self.live_key, *self._running) if self.step else ()

    @property
    def _gaining(self) -> Questions:
        return distinct(self.gains, self.live_key, *self._running) if self.step else ()

    def _spared(self, outcome: Outcome) -> Questions:
        """Ask who keeps by a grant what is lost, or whose grant is no more than what is gained."""
        if outcome in self.gains:
            return outcome.kept_by_grants(self.live_key, *self._running) if self.step else ()
        moving = self.step.conditions if self.step else self.among
        return outcome.kept_by_grants(self.live_key, *moving)

    @property
    def grants_ending(self) -> Questions:
        """Ask who moves and has a grant that ends with that."""
        if self.step is None or not any(self.granted.values()):
            return ()
        sources = self.step.candidate.sources
        return (ClientQuestion(self.live_key, sources, (GrantEnds(), *self.step.conditions)),)

    def _given(self, gain: Outcome) -> Questions:
        return gain.touched(self.live_key, *self._running) if self.step else ()

    @property
    def _losing_again(self) -> Questions:
        return self._lost_lately(self.losing, self._back_to)

    @property
    def _restored(self) -> tuple[Questions, Questions]:
        """Ask which of those whom a rollback moves lost something lately, and which by other moves."""
        movers = self.step.movers if self.step and self._back_to else ()
        return self._lost_lately(movers, None), self._lost_lately(movers, self._back_to)

    def _lost_lately(self, asked: Questions, back_to: int | None) -> Questions:
        return _also(LostSince(self.lately, back_to), asked) if self.lately else ()

    @property
    def _back_to(self) -> int | None:
        return self.step.candidate.to_revision if self.step else None

    def _again(self, loss: Outcome) -> Questions:
        """Ask who loses it now and lost it before, under the entry that states it."""
        return self._under(self._in_force(loss.code, loss.term), self._moved(loss))

    def _under(self, in_force: InForce | None, asked: Questions) -> Questions:
        if in_force is None or not in_force.lost:
            return ()
        return _also(LostUnder(in_force.entry.verb, in_force.entry.term), asked)

    @property
    def _ended_entry(self) -> InForce | None:
        return self._in_force(Code.SUBSCRIPTION_ENDED, Term("", _SUBSCRIPTIONS))

    def _in_force(self, code: Code, term: Term) -> InForce | None:
        return self.earlier.get((code.row.acknowledged_by or "", str(term)))

    def _moved(self, loss: Outcome) -> Questions:
        """Ask who loses it with this change: of a shortened expiry, whose subscription goes on."""
        return self._taken(loss, self.step.conditions) if self.step else ()

    def _in_all(self, loss: Outcome) -> Questions:
        """Ask who loses it over all steps that are left; nothing where this is the last."""
        return () if self._everybody is None else self._taken(loss, self._everybody)

    def _taken(self, loss: Outcome, moving: tuple[Condition, ...]) -> Questions:
        if not loss.code.row.reaches_holders:
            return ()
        return loss.touched(self.live_key, *(self._going_on(moving) if loss.term == EXPIRY else moving))

    def _gone(self, loss: Outcome) -> Questions:
        """Ask who does not stay with what is lost, though this change does not move them."""
        return tuple(
            question
            for step in self.away
            for each in _among((loss,), step)
            for question in each.touched(self.live_key, *step.conditions)
        )

    def _expired(self, loss: Outcome) -> Questions:
        expiry = loss.after.expiry
        if "expired" not in loss.code.row.counted or expiry is None:
            return ()
        return loss.touched(self.live_key, *self._over(expiry, self.at, self.among))

    def _by_hurt(self, loss: Outcome) -> Questions:
        """Ask for the clients whom the loss hurts: those first who lose it now and are above what is left."""
        moving = self.step.conditions if self.step else ()
        now = (loss.over(self.live_key, *moving), loss.using(self.live_key, *moving), self._moved(loss))
        of_all = (loss.over(self.live_key, *self.among), loss.using(self.live_key, *self.among))
        later = (*self._expired(loss), *of_all[0], *of_all[1], *self.touched(loss))
        if loss.term == EXPIRY and self._ended:
            later = ()  # among them are those who end, whom their own loss names
        return (*(question for each in now for question in each), *later) if self.step else later

    def _named_of(self, facts: Facts, ranked: Questions) -> Iterator[ClientQuestion]:
        """Yield as many as are surely enough: one that fills the sample alone ends the list."""
        for question in ranked:
            count = facts.count(question)
            if count:
                yield question
            if count >= SAMPLE_SIZE:
                return

    def _sample(self, facts: Facts, ranked: Questions) -> tuple[str, ...]:
        named = (id_ for question in ranked for id_ in facts.samples.get(question, ()))
        return tuple(dict.fromkeys(named))[:SAMPLE_SIZE]

    def _findings(self, facts: Facts) -> Iterator[ImpactFinding]:
        ended = facts.total(self._ended)
        if ended:
            yield self._end(facts, ended)
        for loss in self.losses:
            yield self._finding(loss, facts, ended if loss.term == EXPIRY else 0)
        for each in self.gains:
            gain, granted = facts.total(self._given(each)), facts.total(self._spared(each))
            if gain or granted:
                yield ImpactFinding(
                    code=each.code,
                    subject=each.term.key,
                    held=facts.values_held(self.live_key, each),
                    left=each.left,
                    gain=gain,
                    granted=granted,
                )

    def _end(self, facts: Facts, ended: int) -> ImpactFinding:
        in_use, shorter = facts.total(self._ended_in_use), self.shorter
        return ImpactFinding(
            code=Code.SUBSCRIPTION_ENDED,
            subject=_SUBSCRIPTIONS,
            held=facts.values_held(self.live_key, shorter) if shorter else (),
            left=shorter.left if shorter else None,
            lose=ended,
            use=in_use,
            lose_use=in_use,
            sample=self._sample(facts, self._ended),
        )

    def _finding(self, loss: Outcome, facts: Facts, ended: int) -> ImpactFinding:
        """Count one loss; of a shortened expiry without those who end, who are counted on their own."""
        live_key, among = self.live_key, self.among
        total, moved = facts.total(self.touched(loss)) - ended, facts.total(self._moved(loss))
        moving = self.step.conditions if self.step else None
        return ImpactFinding(
            code=loss.code,
            subject=str(loss.term) if loss.code.row.kind is Kind.GRANT else loss.term.key,
            held=facts.values_held(live_key, loss),
            left=loss.left,
            keep=total - moved - facts.total(self._gone(loss)),
            lose=moved,
            use=facts.total(loss.using(live_key, *among)),
            over=facts.total(loss.over(live_key, *among)),
            not_allowed=total if "not_allowed" in loss.code.row.counted else 0,
            expired=facts.total(self._expired(loss)) - ended,
            granted=facts.total(self._spared(loss)),
            lose_use=facts.total(loss.using(live_key, *moving)) if moving is not None else 0,
            lose_over=facts.total(loss.over(live_key, *moving)) if moving is not None else 0,
            sample=self._sample(facts, self._by_hurt(loss)),
        )


def telling(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return which changes of a package speak of different clients, so that their counts add up.

    A rollout speaks of all whom the update speaks of; a rollback moves clients whom its update leaves out.
    """
    found = tuple(changes)
    if not found[1:]:
        return found
    moves = tuple(each for each in found if each.reassignment is not None)
    speaks_of_all = any(each.reassignment and each.reassignment.to_revision is None for each in moves)
    return moves if speaks_of_all else found


def consequences_of(
    draft: Draft, whole: Consequences | None, facts: Facts, away: Iterable[Step] = ()
) -> Consequences:
    """Return what the change of a live package takes from its holders.

    The current revision counts as held even where nobody holds it, so that whoever is assigned it before the
    apply is noticed. Where holders move as well, it is the part that the change states of what the move does.
    """
    head, live_key = draft.pair.head, draft.pair.live_key
    if head is None or draft.before is None:
        return Consequences(live_key, facts.at)
    if whole is not None:
        return whole.named(draft)
    held = {**facts.held(live_key), head.revision: draft.before}
    stale = _stale(draft.pair, facts)
    granted = facts.granted_of(live_key)
    found = losses(held, draft.after, facts.at, granted)
    alone = tuple(alone_in(found, facts.feature_of))
    all_of_it = Consequences(
        live_key,
        facts.at,
        held,
        found,
        stale=stale,
        away=tuple(away),
        alone=alone,
        earlier=_earlier(live_key, facts),
        granted=granted,
    )
    named = all_of_it.named(draft)
    if draft.action is Action.ARCHIVE:
        end = archival(held, draft.after)
        return replace(named, losses=(end, *named.losses), alone=(end, *named.alone))
    return named


def consequences_of_step(step: Step, facts: Facts) -> Consequences:
    """Return what a step takes from those who move and those who wait, whichever revision took it away.

    A rollback's step, and one of named clients, speak of nobody but those whom they are about.
    """
    candidate = step.candidate
    refs = (RevisionRef(candidate.pair.live_key, number) for number in candidate.sources)
    sources = {ref.revision: facts.definitions[ref] for ref in refs if ref in facts.definitions}
    granted = facts.granted_of(candidate.pair.live_key)
    found = losses(sources, candidate.target, facts.at, granted)
    found = (*found, *ended_grants(sources, candidate.target, granted, found))
    gained = gains(sources, candidate.target, facts.at, granted)
    if candidate.to_revision is not None:
        found, gained = (tuple(brought_back(each, candidate.to_revision)) for each in (found, gained))
    is_of_some = candidate.returning_from is not None or candidate.rollout.only is not None
    return Consequences(
        candidate.pair.live_key,
        facts.at,
        sources,
        found,
        gained,
        step,
        next((each for each in found if each.code is Code.EXPIRY_SHORTENED), None),
        _stale(candidate.pair, facts),
        candidate.conditions if is_of_some else (),
        alone=tuple(each for each in alone_in(found, facts.feature_of) if each.code.row.acknowledged_by),
        earlier=_earlier(candidate.pair.live_key, facts),
        lately=facts.lost_since if facts.lost.clients else None,
        granted=granted,
        meters=facts.meters(candidate.pair.live_key),
    )


def _also(condition: Condition, asked: Questions) -> Questions:
    return tuple(dataclasses.replace(each, conditions=(*each.conditions, condition)) for each in asked)


def _earlier(live_key: str, facts: Facts) -> Mapping[tuple[str, str], InForce]:
    return {(verb, term): each for (key, verb, term), each in facts.in_force.items() if key == live_key}


def _among(found: Iterable[Outcome], step: Step) -> tuple[Outcome, ...]:
    """Return the losses as far as the step takes clients away from them: to another revision, not package."""
    sources = set(step.candidate.sources)
    left = (each for each in found if each.code.row.kind is not Kind.PACKAGE)
    kept = (replace(each, held={n: held for n, held in each.held.items() if n in sources}) for each in left)
    return tuple(each for each in kept if each.held)


def _stale(pair: Pair, facts: Facts) -> Questions:
    """Ask which holders the live revision would give something else."""
    current = pair.current
    if current is None or current not in facts.definitions:
        return ()
    extended = facts.granted_of(pair.live_key).keys() & {str(EXPIRY)}
    found = outcomes(facts.held(pair.live_key), facts.definitions[current], facts.at, extended)
    return distinct((each for each in found if each.code.row.reaches_holders), pair.live_key)
