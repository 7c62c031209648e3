"""A few hundred believable clients, the same ones every time."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from reconciler.model.clients import ClientLine
from reconciler.model.quantities import allowance
from reconciler.model.terms import CAPS, USERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from reconciler.model.packages import Definition, DesiredPackage

_NAMES: Final = (
    "Alder", "Ashford", "Bluebird", "Brightwater", "Calder", "Cedar", "Copper", "Eastgate", "Fairview",
    "Foxglove", "Granite", "Harbour", "Hartwell", "Juniper", "Kestrel", "Larkspur", "Maple", "Northwind",
    "Orchard", "Pinecrest", "Riverside", "Sandpiper", "Silverton", "Thornbury", "Willow",
)  # fmt: skip
_TRADES: Final = (
    "Accounting", "Architects", "Catering", "Dental", "Events", "Fitness", "Insurance", "Interiors", "Legal",
    "Motors", "Property", "Travel", "Veterinary",
)  # fmt: skip
_PEOPLE: Final = ("ana", "ben", "carla", "david", "elif", "farid", "greta", "hugo", "ines", "jonas", "kim")
_MIX: Final = {"starter": 42, "professional": 38, "premium": 9, "trial": 11}
_OLDEST_DAYS: Final = 400


def believable_clients(packages: Mapping[str, DesiredPackage], at: datetime) -> Iterator[ClientLine]:
    """Yield a client per name and trade, on the packages of the example, with usage that fits each.

    Nothing depends on `at` but the dates, so that counts are the same whenever the demo runs.
    """
    chance = Random(7)  # noqa: S311 - the same clients every time, not secrets
    for number, (name, trade) in enumerate((name, trade) for trade in _TRADES for name in _NAMES):
        key = chance.choices(list(_MIX), weights=list(_MIX.values()))[0]
        definition = packages[key].definition
        yield ClientLine(
            id=f"{name}-{trade}".lower(),
            line=number + 1,
            name=f"{name} {trade}",
            owner_email=f"{chance.choice(_PEOPLE)}@{name}-{trade}.example".lower(),
            status="active" if chance.random() < 0.97 else "disabled",  # noqa: PLR2004 - a few are on hold
            package=key,
            assigned_at=at - timedelta(days=chance.randrange(1, 20 if key == "trial" else _OLDEST_DAYS)),
            users=_some(chance, allowance(definition.caps[USERS.key])) or 1,
            usage=_usage(chance, definition),
        )


def _usage(chance: Random, definition: Definition) -> dict[str, int]:
    usage = {feature: chance.randrange(1, 400) for feature in definition.features if chance.random() < 0.4}  # noqa: PLR2004 - nobody uses everything
    for key, cap in definition.limits.items():
        if key not in definition.features or key in usage:
            usage[key] = _some(chance, allowance(cap))
    for key, cap in definition.caps.items():
        if CAPS[key].metered == "usage":
            usage[key] = _some(chance, allowance(cap))
    return {meter: amount for meter, amount in sorted(usage.items()) if amount}


def _some(chance: Random, cap: int | None) -> int:
    """Draw an amount up to the cap; most clients use well under half of what they may."""
    return int((cap or 2_000) * chance.betavariate(2, 3.2))
