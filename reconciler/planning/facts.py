"""What a platform has said so far, as planning reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.model.packages import RevisionRef

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from reconciler.model.packages import Definition
    from reconciler.model.questions import Answer, ClientQuestion


@dataclass(frozen=True, slots=True)
class Facts:
    """Held state at one instant.

    Attributes:
        holdings: Clients with an active subscription, per live package key and held revision.
        definitions: Of every revision that is current in a differing package or held in `holdings`.
        answers: To every question that planning asked.
    """

    at: datetime
    holdings: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    definitions: Mapping[RevisionRef, Definition] = field(default_factory=dict)
    answers: Mapping[ClientQuestion, Answer] = field(default_factory=dict)

    def held(self, live_key: str) -> Mapping[int, Definition]:
        """Return the definitions of the package's held revisions."""
        return {number: self.definitions[RevisionRef(live_key, number)] for number in self._counts(live_key)}

    def holders(self, live_key: str, revisions: Collection[int] | None = None) -> int:
        """Count the package's holders, on all or only on some revisions."""
        counts = self._counts(live_key)
        return sum(count for number, count in counts.items() if revisions is None or number in revisions)

    def count(self, question: ClientQuestion) -> int:
        """Return how many clients match; a question without conditions is answered by the holdings."""
        if not question.conditions:
            return self.holders(question.package, question.revisions)
        return self.answers[question].count if question.revisions else 0

    def _counts(self, live_key: str) -> Mapping[int, int]:
        return self.holdings.get(live_key, {})


def held_refs(holdings: Mapping[str, Mapping[int, int]]) -> set[RevisionRef]:
    """Return every revision that somebody holds."""
    return {RevisionRef(key, number) for key, counts in holdings.items() for number in counts}
