"""Whom an import moves, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reconciler.model.fields import Amount, ClientId, Items, PackageKey, Told

MOST_NAMED = 5
"""Clients named of each pair of packages."""


@dataclass(frozen=True, slots=True)
class Moving(Told):
    """Clients whom an import gives another package, or only another start.

    Attributes:
        before: The package that they held.
        after: The package that they are given; the same where only their start differs.
        clients_losing: Those with an active subscription who lose anything by it.
        clients_losing_in_use: Of those, who use more than is left.
        subscriptions_ended: Those whose subscription is over at once.
        sample: The first few of them, those first whom it hurts most.
    """

    before: PackageKey
    after: PackageKey
    clients: Amount
    clients_losing: Amount = 0
    clients_losing_in_use: Amount = 0
    subscriptions_ended: Amount = 0
    sample: Annotated[tuple[ClientId, ...], Items(MOST_NAMED)] = ()
