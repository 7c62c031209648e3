"""What a loss does to clients, as counts with their names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.render.review.words import enumerated, key
from reconciler.render.text.phrases import number, verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.plans import Change, ImpactFinding, Plan
    from reconciler.render.review.words import Foreign, Words

_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """A count of clients, and what is true of them; `name` is short and stable."""

    name: str
    count: int
    phrase: str


def effects(finding: ImpactFinding) -> tuple[Effect, ...]:
    """Return the counts that are not zero, what happens now first."""
    every = (
        Effect("lose", finding.lose, f"{verb(finding.lose, 'loses', 'lose')} it with this apply"),
        Effect("keep", finding.keep, f"{verb(finding.keep, 'keeps', 'keep')} it until reassigned"),
        Effect("use", finding.use, f"{verb(finding.use, 'uses', 'use')} it now"),
        Effect("over", finding.over, f"{verb(finding.over, 'is', 'are')} over the new limit"),
        Effect(
            "not-allowed", finding.not_allowed, f"{verb(finding.not_allowed, 'is', 'are')} no longer allowed"
        ),
        Effect("expired", finding.expired, "would find it expired"),
    )
    return tuple(each for each in every if each.count)


def in_words(finding: ImpactFinding) -> Words:
    """Return the counts and the first clients on one line."""
    words: list[str | Foreign] = []
    for each in effects(finding):
        words += [" · " if words else "", f"{number(each.count)} {each.phrase}"]
    if not words:
        return ["no client has it"]
    return [*words, *_names(finding)]


def _names(finding: ImpactFinding) -> Sequence[str | Foreign]:
    if not finding.sample:
        return []
    return [" (such as ", *enumerated([key(each) for each in finding.sample[:_NAMES_SHOWN]], shown=3), ")"]


def holders_sentence(change: Change) -> str:
    """Return how many clients hold the package, and how many of these an older revision."""
    impact = change.impact
    if not impact.holders:
        return "No client holds it."
    older = f", {number(impact.stale)} of them on an older revision" if impact.stale else ""
    noun = verb(impact.holders, "client holds", "clients hold")
    least = "" if impact.complete else "At least "
    return f"{least}{number(impact.holders)} {noun} it{older}."


def outdated_sentence(plan: Plan) -> Words:
    """Return how many clients were on older revisions before the plan, and of which packages most of them."""
    by_package: Counter[str] = Counter()
    for each in plan.outdated:
        by_package[each.package] += each.clients
    total = by_package.total()
    if not total:
        return []
    most = by_package.most_common(_NAMES_SHOWN)
    words: list[str | Foreign] = [
        f"{number(total)} {verb(total, 'client is', 'clients are')} on older revisions: "
    ]
    for index, (package, clients) in enumerate(most):
        words += [", " if index else "", f"{number(clients)} of ", key(package)]
    rest = total - sum(clients for _, clients in most)
    return [*words, f" and {number(rest)} more." if rest else "."]


def moves_sentence(change: Change) -> str:
    """Return how many clients a reassignment moves, and how many wait or stay; empty for other changes."""
    moves = change.reassignment
    if moves is None:
        return ""
    parts = [f"{number(moves.clients)} {verb(moves.clients, 'client moves', 'clients move')} with this apply"]
    beside = ((moves.remaining, "wait for a later run"), (moves.excluded, "stay, excluded in the file"))
    parts += [f"{number(count)} {what}" for count, what in beside if count]
    if moves.not_allowed:
        parts.append(f"{number(moves.not_allowed)} stay, no longer on the list of allowed e-mails")
    return "; ".join(parts) + "."
