"""A random agency, and what a plan must say of it, worked out client by client in plain Python."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection
    from random import Random

FEATURES = ("agent", "calls", "chat", "sessions")
LIMITS = {"minutes": "calls", "sessions": "sessions"}
AMOUNTS = (*LIMITS, "user_count", "ai_credits")
EXPIRIES = (
    None,
    None,
    "10 days",
    "30 days",
    "1 month",
    "59 days",
    "60 days",
    "2 months",
    "3 months",
    "90 days",
)


def document(random: Random) -> dict[str, Any]:
    """Return a package that the catalog of `tests.shop` has nothing to say against."""
    features = [each for each in FEATURES if random.random() < 0.7]
    found: dict[str, Any] = {"features": features, "user_count": random.choice([2, 4, 6, "unlimited"])}
    found["limits"] = {
        limit: random.choice([5, 20, 50, "unlimited"])
        for limit, feature in LIMITS.items()
        if feature in features and random.random() < 0.8
    }
    if "agent" in features and random.random() < 0.7:
        found["ai_credits"] = random.choice([10, 40, "unlimited"])
    if expiry := random.choice(EXPIRIES):
        found["expiry"] = expiry
    return found


@dataclass
class Holder:
    id: str
    held: dict[str, Any]
    start: datetime
    users: int
    usage: dict[str, int]
    status: str = "active"
    granted: dict[str, tuple[int | str | None, int]] = field(default_factory=dict)
    """Per feature, limit or cap what it has at least beside its package, and so much more."""

    def features(self, of: dict[str, Any]) -> set[str]:
        return {*of["features"], *(key for key in self.granted if key in FEATURES and key not in LIMITS)}

    def amounts(self, of: dict[str, Any]) -> dict[str, float]:
        """What it may use of each amount under a package, with what it has beside that."""
        most = {key: amount(value) for key, value in amounts(of).items()}
        for key, (least, more) in self.granted.items():
            if key in AMOUNTS:
                most[key] = max(most.get(key, 0), amount(least)) + more
        return most


@dataclass
class Expected:
    """Ids of clients, by what becomes of them."""

    losing: set[str] = field(default_factory=set)
    in_use: set[str] = field(default_factory=set)
    keeping: set[str] = field(default_factory=set)
    gaining: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)
    lose: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    keep: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def figures(self) -> dict[str, int]:
        return {
            "clients_losing": len(self.losing),
            "clients_losing_in_use": len(self.in_use),
            "clients_keeping": len(self.keeping),
            "clients_gaining": len(self.gaining),
            "subscriptions_ended": len(self.ended),
            "suspended": len(self.suspended),
        }


def end_of(expiry: str | None, start: datetime) -> datetime:
    if expiry is None:
        return datetime.max.replace(tzinfo=start.tzinfo)
    number, unit = expiry.split()
    if unit.startswith("day"):
        return start + timedelta(days=int(number))
    year, month = divmod(start.year * 12 + start.month - 1 + int(number), 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def amount(value: int | str | None) -> float:
    return 0 if value is None else float("inf") if value == "unlimited" else float(value)


def amounts(of: dict[str, Any]) -> dict[str, Any]:
    return {**of["limits"], "user_count": of["user_count"], "ai_credits": of.get("ai_credits")}


def lost(holder: Holder, after: dict[str, Any]) -> dict[tuple[str, str], bool]:
    """What the holder would lose, and whether it uses more than is left of it."""
    found = {}
    for feature in set(holder.held["features"]) - holder.features(after):
        found["feature-removed", feature] = holder.usage.get(feature, 0) > 0
    now, then = holder.amounts(holder.held), holder.amounts(after)
    for key, value in now.items():
        if then.get(key, 0) < value:
            is_gone = key in holder.held["limits"] and key not in after["limits"]
            code = "limit-removed" if is_gone else "limit-lowered"
            code = {"user_count": "user-count-lowered", "ai_credits": "ai-credits-lowered"}.get(key, code)
            used = holder.users if key == "user_count" else holder.usage.get(key, 0)
            found[code, key] = used > then.get(key, 0)
    if end_of(after.get("expiry"), holder.start) < end_of(holder.held.get("expiry"), holder.start):
        found["expiry-shortened", "expiry"] = False
    return found


def gains(holder: Holder, after: dict[str, Any]) -> bool:
    now, then = holder.amounts(holder.held), holder.amounts(after)
    return (
        bool(set(after["features"]) - holder.features(holder.held))
        or any(value > now.get(key, 0) for key, value in then.items())
        or end_of(after.get("expiry"), holder.start) > end_of(holder.held.get("expiry"), holder.start)
    )


def expected(
    holders: list[Holder],
    after: dict[str, Any],
    movers: set[str],
    at: datetime,
    live: dict[str, Any] | None = None,
) -> Expected:
    """Say of every holder what becomes of it; beside `live`, only of what the change itself takes."""
    found = Expected()
    taken = None if live is None else lost(Holder("", live, at, 0, {}), after).keys()
    for holder in holders:
        if end_of(holder.held.get("expiry"), holder.start) <= at:
            continue
        if holder.status != "active":
            found.suspended.add(holder.id)
            continue
        _judge(found, holder, (after, at, taken), moves=holder.id in movers)
    return found


def _judge(
    found: Expected,
    holder: Holder,
    change: tuple[dict[str, Any], datetime, Collection[tuple[str, str]] | None],
    *,
    moves: bool,
) -> None:
    after, at, taken = change
    losses = {loss: uses for loss, uses in lost(holder, after).items() if taken is None or loss in taken}
    is_over = moves and end_of(after.get("expiry"), holder.start) <= at
    if is_over:
        found.ended.add(holder.id)
        found.lose.setdefault(("subscription-ended", "subscriptions"), set()).add(holder.id)
        losses_told = {loss: uses for loss, uses in losses.items() if loss[0] != "expiry-shortened"}
    else:
        losses_told = losses
    for loss in losses_told:
        (found.lose if moves else found.keep).setdefault(loss, set()).add(holder.id)
    if losses:
        (found.losing if moves else found.keeping).add(holder.id)
    if moves and (any(losses.values()) or (is_over and any(holder.usage.values()))):
        found.in_use.add(holder.id)
    if moves and not is_over and gains(holder, after):
        found.gaining.add(holder.id)
