"""The one line that a reviewer reads: may it be approved, and whom does it hurt."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from reconciler.model.english import agreed, counted, number
from reconciler.model.plans import Action, deeds
from reconciler.model.terms import worst
from reconciler.render.story.effects import when
from reconciler.render.story.entries import Occasion
from reconciler.render.story.figures import Figures, Level, headline
from reconciler.render.story.words import Tone, chained, code, key, listed, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.model.capabilities import Capabilities
    from reconciler.model.plans import Plan
    from reconciler.render.story.blockers import Blocker
    from reconciler.render.story.words import Words

_GUARDS_SHOWN: Final = 4
_DONE: Final = {
    "create": "created",
    "update": "updated",
    "adopt": "adopted unchanged",
    "rename": "renamed",
    "restore": "restored",
    "archive": "archived",
}


class Judgement(Enum):
    """How a plan is to be taken, worst first."""

    BLOCKED = "blocked"
    LOSING = "losing"
    TOUCHING = "touching"
    UNKNOWN = "unknown"
    HARMLESS = "harmless"
    EMPTY = "empty"

    @property
    def tone(self) -> Tone:
        """How loudly it is told."""
        match self:
            case Judgement.BLOCKED | Judgement.LOSING:
                return Tone.ALARM
            case Judgement.TOUCHING | Judgement.UNKNOWN:
                return Tone.CAUTION
            case Judgement.HARMLESS | Judgement.EMPTY:
                return Tone.GOOD


class Verdict(Struct, frozen=True):
    """The headline.

    Attributes:
        subject: What is judged: `Package plan for production`.
        statement: What happens to clients; without a full stop.
        sentence: What beside that is to be known at once; empty where nothing is.
    """

    judgement: Judgement
    subject: Words
    statement: Words
    sentence: Words


def verdict(plan: Plan, figures: Figures, blockers: Sequence[Blocker], occasion: Occasion) -> Verdict:
    """Judge the plan: blocked, else by what happens to clients."""
    judgement = _judgement(plan, figures)
    name = key(plan.environment, Tone.STRONG)
    if judgement is Judgement.EMPTY:
        subject = words("Nothing to change", tone=Tone.GOOD)
        as_said = words(
            key(plan.environment),
            " is as a rollback left it, and else as the files say" if plan.left else " is as the files say",
            limits(plan.platform.capabilities),
        )
        return Verdict(judgement, subject, as_said, ())
    planned = "Package plan for " if occasion is Occasion.PLAN else "Package drift on "
    before = "Package changes since " if plan.is_offline else planned
    sentence = chained(_sentences(plan, figures, blockers), " ")
    subject = words(words(before, tone=Tone.STRONG), name)
    statement = headline(figures, when(*(each.reach for each in plan.changes), at_once="now"))
    return Verdict(judgement, subject, words(statement, limits(plan.platform.capabilities)), sentence)


_REACHES: Final = {
    "assignment": "",
    "period": "edits reach every holder at the next billing period",
    "none": "edits reach every holder at once",
}


def limits(able: Capabilities) -> Words:
    """Say what the platform cannot do that decides about the plan; empty where it can do all of that."""
    one_by_one = "" if able.change_sets else "changes are made one by one"
    told = [each for each in (_REACHES[able.snapshots], one_by_one) if each]
    return words(f" (on this platform, {' and '.join(told)})", tone=Tone.CAUTION) if told else ()


def _judgement(plan: Plan, figures: Figures) -> Judgement:
    if plan.blocked:
        return Judgement.BLOCKED
    if plan.is_empty:
        return Judgement.EMPTY
    match figures.level:
        case Level.ENDING | Level.LOSING_IN_USE | Level.LOSING:
            return Judgement.LOSING
        case Level.KEEPING:
            return Judgement.TOUCHING
        case Level.UNKNOWN:
            return Judgement.UNKNOWN
        case Level.GAINING | Level.NOBODY:
            return Judgement.TOUCHING if plan.loosened else Judgement.HARMLESS


def _sentences(plan: Plan, figures: Figures, blockers: Sequence[Blocker]) -> Iterator[Words]:
    if plan.blocked:
        yield words(f"Blocked by {counted(len(blockers), 'guard')}.")
    yield words(_packages(plan))
    if figures.moving and plan.platform.capabilities.snapshots == "assignment":
        are = agreed(figures.moving, "is", "are")
        yield words(f"{counted(figures.moving, 'client')} {are} reassigned.")
    if plan.loosened:
        guards = listed([code(each.guard) for each in plan.loosened], shown=_GUARDS_SHOWN)
        yield words(guards, f" {agreed(len(plan.loosened), 'is', 'are')} loosened.")
    if plan.is_offline and plan.changes:
        severity = worst(change.severity for change in plan.changes)
        yield words(f"Compared without the platform. The worst change is {severity}.")


def _packages(plan: Plan) -> str:
    found = deeds(plan.changes)
    counts = {done: found[done] for done in _DONE}
    parts = [f"{number(count)} {_DONE[done]}" for done, count in counts.items() if count]
    total = sum(counts.values())
    if not parts:
        return "Only clients are reassigned." if _moves(plan) else "No package changes."
    if len(parts) == 1:
        return f"{counted(total, 'package')} {agreed(total, 'is', 'are')} {parts[0].partition(' ')[2]}."
    return f"{counted(total, 'package')} {agreed(total, 'changes', 'change')}: {', '.join(parts)}."


def _moves(plan: Plan) -> bool:
    return any(change.action is Action.REASSIGN for change in plan.changes)
