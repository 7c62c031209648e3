"""The one line that a reviewer reads: is it safe, and whom does it touch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from reconciler.model.terms import Severity
from reconciler.render.review.words import key
from reconciler.render.text.phrases import counted, number, verb

if TYPE_CHECKING:
    from reconciler.model.plans import Plan
    from reconciler.render.review.words import Words

_COUNTED: Final = (
    ("create", "created"),
    ("update", "updated"),
    ("rename", "renamed"),
    ("restore", "restored"),
    ("archive", "archived"),
)


class Mood(Enum):
    """How a verdict is to be taken, worst first."""

    BLOCKED = "blocked"
    LOSING = "losing"
    TOUCHING = "touching"
    UNKNOWN = "unknown"
    HARMLESS = "harmless"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A short statement, and the sentence that explains it."""

    mood: Mood
    statement: Words
    sentence: Words


def title(plan: Plan) -> str:
    """Return what stands before the name of the environment, or of the commit compared with."""
    return "Package changes since" if plan.is_offline else "Package plan for"


def verdict(plan: Plan) -> Verdict:
    """Judge the plan: blocked, else by what happens to clients."""
    if plan.blocked:
        stops = len({each.id for each in plan.guards if each.result == "blocked"})
        return Verdict(Mood.BLOCKED, [f"Blocked by {counted(stops, 'guard')}."], _sentence(plan))
    if plan.is_empty:
        return Verdict(Mood.EMPTY, ["Nothing to change:"], [key(plan.environment), " is as the files say."])
    if plan.is_offline and plan.changes:
        return _without_platform(plan)
    return _by_clients(plan)


def _without_platform(plan: Plan) -> Verdict:
    worst = min((change.severity for change in plan.changes), key=lambda each: each.rank)
    statement = {
        Severity.BREAKING: "Breaking.",
        Severity.RESTRICTING: "Restricting.",
        Severity.EXPANDING: "Takes nothing away.",
        Severity.NEUTRAL: "Changes no entitlement.",
    }[worst]
    sentence = f"{_packages(plan)}. Compared without the platform: which clients hold them is unknown."
    return Verdict(Mood.UNKNOWN, [statement], [sentence])


def _by_clients(plan: Plan) -> Verdict:
    losing, affected = clients_losing(plan), plan.summary.clients_affected
    if losing:
        has = verb(losing, "loses", "lose")
        statement = f"{counted(losing, 'client')} {has} something now."
        return Verdict(Mood.LOSING, [statement], _sentence(plan))
    if affected:
        keep = f"{counted(affected, 'client')} {verb(affected, 'keeps', 'keep')}"
        statement = f"{keep} what is taken away until reassigned; nobody loses anything now."
        return Verdict(Mood.TOUCHING, [statement], _sentence(plan))
    return Verdict(Mood.HARMLESS, ["No client loses anything."], _sentence(plan))


def clients_losing(plan: Plan) -> int:
    """Return how many clients are certain to lose something with the apply.

    Of one package, the loss that hits most clients counts: whether the others are the same clients is not
    in the plan.
    """
    losing: dict[str, int] = {}
    for change in plan.changes:
        most = max((each.lose for each in change.impact.findings), default=0)
        losing[change.key] = max(losing.get(change.key, 0), most)
    return sum(losing.values())


def _sentence(plan: Plan) -> Words:
    affected = plan.summary.clients_affected
    moved = sum(each.reassignment.clients for each in plan.changes if each.reassignment is not None)
    parts = [_packages(plan)]
    if affected:
        parts.append(f"{counted(affected, 'client')} {verb(affected, 'is', 'are')} touched")
    if losing := clients_losing(plan):
        parts.append(f"{number(losing)} {verb(losing, 'loses', 'lose')} something with this apply")
    if moved:
        parts.append(f"{counted(moved, 'client')} {verb(moved, 'is', 'are')} reassigned")
    return ["; ".join(parts), "."]


def _packages(plan: Plan) -> str:
    said = [(getattr(plan.summary, name), word) for name, word in _COUNTED]
    parts = [f"{number(count)} {word}" for count, word in said if count]
    if not parts:
        return "Only clients are reassigned" if plan.summary.reassign else "No package changes"
    total = sum(count for count, _ in said)
    return f"{counted(total, 'package')} {verb(total, 'changes', 'change')} ({', '.join(parts)})"
