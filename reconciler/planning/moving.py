"""Whom an import moves and what that takes, counted in memory that does not grow with the clients."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.model.grants import with_grants
from reconciler.model.moving import MOST_NAMED, Moving
from reconciler.model.terms import Kind
from reconciler.planning.fields import differences, masked

if TYPE_CHECKING:
    from datetime import datetime

    from reconciler.model.clients import Client
    from reconciler.model.grants import Grant
    from reconciler.model.packages import Definition
    from reconciler.model.plans import FieldChange

_COUNTED = {"use", "over"}


class Moved(Struct, frozen=True):
    """One client whom an import moves.

    Attributes:
        client: As it was before.
        package: What it holds afterwards.
        expires_at: When its subscription ends afterwards.
        grants: What it has beside that afterwards.
    """

    client: Client
    snapshot: Definition
    package: str
    target: Definition
    expires_at: datetime | None
    grants: tuple[Grant, ...] = ()


class _Tally(Struct):
    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=lambda: {"use": [], "lose": [], "move": []})


class Movements:
    """The clients whom one import moves, at one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._known: dict[tuple[str, str], tuple[FieldChange, ...]] = {}

    def note(self, moved: Moved) -> bool:
        """Count one more client; return whether it loses anything."""
        held = moved.client.subscription
        tally = self._tallies.setdefault((held.package, moved.package), _Tally())
        tally.counts["move"] += 1
        worst = "move"
        if held.status == "active":
            worst = self._worst(moved)
            tally.counts["lose"] += worst != "move"
            tally.counts["use"] += worst == "use"
            tally.counts["end"] += self._ends(moved)
        if len(tally.named[worst]) < MOST_NAMED:
            tally.named[worst].append(moved.client.id)
        return worst != "move"

    def told(self) -> tuple[Moving, ...]:
        """Return what is known so far by pair of packages, those first whom it hurts most."""
        found = (_told(pair, tally) for pair, tally in self._tallies.items())
        return tuple(sorted(found, key=_worst_first))

    def _worst(self, moved: Moved) -> str:
        losses = self._taken(moved)
        if any(_is_used(loss, moved.client) for loss in losses) or (self._ends(moved) and moved.client.usage):
            return "use"
        return "lose" if losses or _ends_earlier(moved) else "move"

    def _ends(self, moved: Moved) -> bool:
        return moved.expires_at is not None and moved.expires_at <= self._at

    def _taken(self, moved: Moved) -> tuple[FieldChange, ...]:
        """Return what is lost; what everybody loses who moves between both is worked out once."""
        snapshot, target = moved.snapshot, moved.target
        if moved.client.grants:
            return _losses(with_grants(snapshot, moved.client.grants), with_grants(target, moved.grants))
        pair = snapshot.digest, target.digest
        if pair not in self._known:
            self._known[pair] = _losses(snapshot, target)
        return self._known[pair]


def _losses(snapshot: Definition, target: Definition) -> tuple[FieldChange, ...]:
    return tuple(each for each in differences(snapshot, target, email=masked) if _takes(each))


def _takes(change: FieldChange) -> bool:
    """Whether it takes something whenever the subscription starts."""
    row = change.code.row
    return change.severity.is_loss and row.reaches_holders and row.kind is not Kind.EXPIRY


def _is_used(loss: FieldChange, client: Client) -> bool:
    left = loss.after if isinstance(loss.after, int) else 0
    return bool(loss.code.row.counted & _COUNTED) and client.used(loss.term.key) > left


def _ends_earlier(moved: Moved) -> bool:
    before, after = moved.client.subscription.expires_at, moved.expires_at
    return after is not None and (before is None or after < before)


def _told(pair: tuple[str, str], tally: _Tally) -> Moving:
    named = [name for names in tally.named.values() for name in names]
    counts = tally.counts
    return Moving(
        *pair, counts["move"], counts["lose"], counts["use"], counts["end"], tuple(named[:MOST_NAMED])
    )


def _worst_first(moving: Moving) -> tuple[int, int, int, str, str]:
    return (
        -moving.clients_losing_in_use,
        -moving.clients_losing,
        -moving.clients,
        moving.before,
        moving.after,
    )
