"""What a platform has said so far, as planning reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from reconciler.model.losses import Lost
from reconciler.model.packages import RevisionRef, canonical_json
from reconciler.model.terms import CAPS, Term

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from pydantic import JsonValue

    from reconciler.model.catalog import Catalog
    from reconciler.model.losses import InForce, Known
    from reconciler.model.packages import Definition
    from reconciler.model.questions import Answer, ClientQuestion
    from reconciler.planning.outcomes import Outcome


_NOBODY: Final = Lost(0)


class Facts(Struct, frozen=True):
    """Held state at one instant.

    Attributes:
        holdings: Clients with an active subscription, per live package key and held revision.
        catalog: Which limits go with which feature, as the plan will have it; None where there is none.
        definitions: Of every revision that is current in a differing package or held in `holdings`.
        suspended: Clients per live package key who hold it while not active themselves.
        in_force: What was lost before, per live package key, verb and term of an acknowledgement.
        lost: Who lost anything in the last hours, `lost_since` an instant.
        everybody: Clients with an active subscription to any package; 0 where nobody can lose anything.
        granted: Terms that holders were granted, per live package key; `expiry` where one was extended.
        answers: To every question that planning asked.
        samples: Of clients, to the questions whose clients the plan names.
    """

    at: datetime
    catalog: Catalog | None = None
    holdings: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    definitions: Mapping[RevisionRef, Definition] = field(default_factory=dict)
    suspended: Mapping[str, int] = field(default_factory=dict)
    in_force: Mapping[Known, InForce] = field(default_factory=dict)
    lost: Lost = _NOBODY
    lost_since: datetime | None = None
    everybody: int = 0
    granted: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    answers: Mapping[ClientQuestion, Answer] = field(default_factory=dict)
    samples: Mapping[ClientQuestion, tuple[str, ...]] = field(default_factory=dict)

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

    def total(self, questions: Iterable[ClientQuestion]) -> int:
        """Add up the answers to questions that no two clients share."""
        return sum(self.count(question) for question in questions)

    def values_held(self, live_key: str, outcome: Outcome) -> tuple[JsonValue, ...]:
        """Return what the holders concerned have, each value once, that of the most clients first."""
        counts = self._counts(live_key)
        clients: dict[str, int] = {}
        values: dict[str, JsonValue] = {}
        for number, held in outcome.held.items():
            text = canonical_json(held.value)
            values[text] = held.value
            clients[text] = clients.get(text, 0) + counts.get(number, 0)
        ranked = sorted(clients, key=lambda text: (-clients[text], text))
        shown = [text for text in ranked if clients[text]] or ranked
        return tuple(values[text] for text in shown)

    def granted_of(self, live_key: str) -> Mapping[str, bool]:
        """Return the terms that holders of the package were granted, and `expiry` where one was extended.

        Of each, whether a grant of it ends once its client is reassigned.
        """
        return self.granted.get(live_key, {})

    def meters(self, live_key: str) -> frozenset[str]:
        """Return what holders may have used: what the catalog has, and what is granted."""
        offered = (*self.catalog.features, *self.catalog.limits) if self.catalog else ()
        granted = (Term.named(each).key for each in self.granted_of(live_key))
        return frozenset((*offered, *CAPS, *granted))

    def feature_of(self, limit: str) -> str | None:
        """Return the feature that a limit caps, where the catalog says so."""
        known = self.catalog.limits.get(limit) if self.catalog else None
        return known.feature if known else None

    def _counts(self, live_key: str) -> Mapping[int, int]:
        return self.holdings.get(live_key, {})


def held_refs(holdings: Mapping[str, Mapping[int, int]]) -> set[RevisionRef]:
    """Return every revision that somebody holds."""
    return {RevisionRef(key, number) for key, counts in holdings.items() for number in counts}
