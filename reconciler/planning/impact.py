"""What changes do to clients: which questions to ask, and what the answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.plans import Action, Impact, ImpactFinding
from reconciler.model.terms import Code
from reconciler.planning.losses import Loss, archival, distinct, losses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from reconciler.model.questions import ClientQuestion, Condition
    from reconciler.planning.drafts import Draft
    from reconciler.planning.facts import Facts
    from reconciler.planning.pairing import Pair
    from reconciler.planning.rollouts import Step


@dataclass(frozen=True, slots=True)
class Consequences:
    """What one change takes from the holders of one package, and which of them this plan moves.

    Attributes:
        losses: What is lost, worst first.
        step: The holders who move; None where nobody does.
        among: What a holder must meet to be spoken of at all.
        stale: Held revisions that were not the current one already before this plan.
    """

    live_key: str
    losses: tuple[Loss, ...]
    step: Step | None = None
    stale: tuple[int, ...] = ()
    among: tuple[Condition, ...] = ()

    def touched(self, loss: Loss) -> ClientQuestion:
        """Ask which holders have what is lost."""
        return loss.touched(self.live_key, *self.among)

    def questions(self, at: datetime) -> Iterator[ClientQuestion]:
        """Return all that must be known for `impact` and `losing`."""
        for loss in self.losses:
            yield self.touched(loss)
            yield from (question for question in self._details(loss, at) if question)
            if self.step:
                yield loss.touched(self.live_key, *self.step.conditions)
        yield from distinct(self.losses, self.live_key, *self.among)
        if self.step:
            yield from self.step.movers
            yield from distinct(self._reassigned, self.live_key, *self.step.conditions)

    def _details(self, loss: Loss, at: datetime) -> tuple[ClientQuestion | None, ...]:
        """Ask who uses it, who is over the new cap, and whose subscription would be over."""
        return (
            loss.using(self.live_key, *self.among),
            loss.over(self.live_key, *self.among),
            loss.expired(self.live_key, at, *self.among),
        )

    def impact(self, facts: Facts) -> Impact:
        """Return the counts."""
        asked = [
            facts.answers[question] for question in self.questions(facts.at) if question in facts.answers
        ]
        return Impact(
            holders=facts.holders(self.live_key),
            stale=facts.holders(self.live_key, self.stale),
            affected=sum(
                facts.count(question) for question in distinct(self.losses, self.live_key, *self.among)
            ),
            complete=all(answer.complete for answer in asked),
            findings=tuple(self._finding(loss, facts) for loss in self.losses),
        )

    def losing(self, facts: Facts) -> int:
        """Count the clients who lose at least one thing with this plan."""
        if self.step is None:
            return 0
        questions = distinct(self._reassigned, self.live_key, *self.step.conditions)
        return sum(facts.count(question) for question in questions)

    @property
    def _reassigned(self) -> tuple[Loss, ...]:
        """Losses that reassignment brings about: whoever is no longer allowed is not moved (rule 5)."""
        return tuple(loss for loss in self.losses if loss.code is not Code.EMAILS_NARROWED)

    def _finding(self, loss: Loss, facts: Facts) -> ImpactFinding:
        touched = self.touched(loss)
        using, over, expired = self._details(loss, facts.at)
        total = facts.count(touched)
        moved = facts.count(loss.touched(self.live_key, *self.step.conditions)) if self.step else 0
        return ImpactFinding(
            code=loss.code,
            subject=loss.subject,
            keep=total - moved,
            lose=moved,
            use=facts.count(using) if using else 0,
            over=facts.count(over) if over else 0,
            not_allowed=total if loss.code is Code.EMAILS_NARROWED else 0,
            expired=facts.count(expired) if expired else 0,
            sample=_sample(facts, over, expired, using, touched),
        )


def _sample(facts: Facts, *questions: ClientQuestion | None) -> tuple[str, ...]:
    answered = (facts.answers.get(question) for question in questions if question)
    return next((answer.sample for answer in answered if answer and answer.sample), ())


def consequences_of(draft: Draft, step: Step | None, facts: Facts) -> Consequences:
    """Return what the change of a live package takes from its holders.

    The current revision counts as held even where nobody holds it, so that whoever is assigned it before the
    apply is noticed.
    """
    head, live_key = draft.pair.head, draft.pair.live_key
    if head is None or draft.before is None:
        return Consequences(live_key, ())
    held = {**facts.held(live_key), head.revision: draft.before}
    named = {(field.code, field.term.key) for field in draft.fields}
    found = tuple(loss for loss in losses(held, draft.after) if (loss.code, loss.subject) in named)
    if draft.action is Action.ARCHIVE:
        found = (archival(held, draft.after), *found)
    return Consequences(live_key, found, step, _stale(draft.pair, facts))


def consequences_of_step(step: Step, facts: Facts) -> Consequences:
    """Return what a step takes from those who move, whichever revision took it out of the package.

    A rollback's step speaks of nobody but those whom the run had moved.
    """
    candidate = step.candidate
    held = facts.held(candidate.pair.live_key)
    sources = {number: held[number] for number in candidate.sources if number in held}
    found = losses(sources, candidate.target)
    among = candidate.conditions if candidate.returning_from is not None else ()
    return Consequences(candidate.pair.live_key, found, step, _stale(candidate.pair, facts), among)


def _stale(pair: Pair, facts: Facts) -> tuple[int, ...]:
    held = facts.holdings.get(pair.live_key, {})
    return tuple(sorted(number for number in held if pair.head and number != pair.head.revision))
